"""Which specifications a supergraph links to, and which names in it belong to them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from schema.document.model import Directive, Schema
from schema.document.values import EnumLiteral, Value
from schema.supergraph.model import NotASupergraph

JOIN_VERSIONS = ("v0.1", "v0.2", "v0.3", "v0.4", "v0.5")

_PLAIN = ("link", "core", "join", "federation", "tag", "inaccessible", "context", "cost", "cacheTag")
_ACCESS = ("authenticated", "requiresScopes", "policy")
UNDERSTOOD = frozenset({*_PLAIN, *_ACCESS})
"""Specifications whose meaning the router knows. Another one that is needed for execution is refused."""

_URL = re.compile(r"^(?:.*/)?([A-Za-z_][A-Za-z0-9_-]*)/(v\d+\.\d+)/?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One linked specification. `imports` maps its names (`@key`, `Scope`) to those in the document."""

    name: str
    version: str
    namespace: str
    imports: Mapping[str, str]

    def owns_directive(self, name: str) -> bool:
        """Whether the directive of this name in the document is the feature's."""
        return (
            name == self.namespace
            or name.startswith(f"{self.namespace}__")
            or f"@{name}" in self.imports.values()
        )

    def owns_type(self, name: str) -> bool:
        """Whether the type of this name in the document is the feature's."""
        return name.startswith(f"{self.namespace}__") or name in self.imports.values()

    def directive(self, name: str) -> str:
        """What the document calls the directive which the spec calls `name`."""
        imported = self.imports.get(f"@{name}")
        if imported is not None:
            return imported.removeprefix("@")
        return self.namespace if name == self.name else f"{self.namespace}__{name}"


@dataclass(frozen=True, slots=True)
class Features:
    """All linked specifications by their name."""

    by_name: Mapping[str, Feature]

    def directive(self, feature: str, name: str) -> str:
        """What the document calls a directive of a feature; the usual name when it is not linked."""
        known = self.by_name.get(feature)
        return known.directive(name) if known else (name if name == feature else f"{feature}__{name}")

    def owns_directive(self, name: str) -> bool:
        """Whether a specification owns the directive, so that clients never see it."""
        return any(feature.owns_directive(name) for feature in self.by_name.values())

    def owns_type(self, name: str) -> bool:
        """Whether a specification owns the type, so that clients never see it."""
        return any(feature.owns_type(name) for feature in self.by_name.values())


def read_features(schema: Schema) -> Features:
    """The features that the schema definition links; raises NotASupergraph for one it cannot serve."""
    found: dict[str, Feature] = {}
    for use in schema.schema_directives:
        if use.name in ("link", "core"):
            feature = _read_feature(use)
            if feature is not None:
                found[feature.name] = feature
    join = found.get("join")
    if join is None:
        raise NotASupergraph(
            "its schema definition links no join specification; is this the schema of a single subgraph?"
            if schema.types or schema.directives
            else "it defines nothing"
        )
    if join.version not in JOIN_VERSIONS:
        raise NotASupergraph(
            f"join {join.version} is not supported, only {JOIN_VERSIONS[0]} to {JOIN_VERSIONS[-1]}"
        )
    return Features(found)


def _read_feature(use: Directive) -> Feature | None:
    url = use.arguments.get("url") or use.arguments.get("feature")
    if not isinstance(url, str):
        return None
    match = _URL.match(url)
    name, version = (match.group(1), match.group(2)) if match else (url, "")
    purpose = use.arguments.get("for")
    if isinstance(purpose, EnumLiteral) and name not in UNDERSTOOD:
        raise NotASupergraph(f"{url!r} is needed for {purpose.name} and this router does not know it")
    alias = use.arguments.get("as")
    return Feature(
        name=name,
        version=version,
        namespace=alias if isinstance(alias, str) else name,
        imports=_read_imports(use.arguments.get("import")),
    )


def _read_imports(value: Value | None) -> dict[str, str]:
    imports: dict[str, str] = {}
    for item in value if isinstance(value, tuple) else ():
        if isinstance(item, str):
            imports[item] = item
        elif isinstance(item, Mapping):
            parts = {key: part for key, part in item.items() if isinstance(part, str)}
            if "name" in parts:
                imports[parts["name"]] = parts.get("as", parts["name"])
    return imports

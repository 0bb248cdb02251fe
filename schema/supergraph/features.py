"""Which specifications a supergraph links to, and which names in it belong to them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    ConstDirectiveNode,
    DirectiveDefinitionNode,
    DocumentNode,
    ListValueNode,
    ObjectValueNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    StringValueNode,
    TypeDefinitionNode,
)
from graphql.language import ConstValueNode, EnumValueNode

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


def read_features(document: DocumentNode) -> Features:
    """The features that the schema definition links; raises NotASupergraph for one it cannot serve."""
    found: dict[str, Feature] = {}
    for node in document.definitions:
        if not isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
            continue
        for directive in node.directives or ():
            if directive.name.value in ("link", "core"):
                feature = _read_feature(directive)
                if feature is not None:
                    found[feature.name] = feature
    join = found.get("join")
    if join is None:
        has_types = any(
            isinstance(n, TypeDefinitionNode | DirectiveDefinitionNode) for n in document.definitions
        )
        raise NotASupergraph(
            "its schema definition links no join specification; is this the schema of a single subgraph?"
            if has_types
            else "it defines nothing"
        )
    if join.version not in JOIN_VERSIONS:
        raise NotASupergraph(
            f"join {join.version} is not supported, only {JOIN_VERSIONS[0]} to {JOIN_VERSIONS[-1]}"
        )
    return Features(found)


def _read_feature(directive: ConstDirectiveNode) -> Feature | None:
    arguments = {a.name.value: a.value for a in directive.arguments or ()}
    url_node = arguments.get("url") or arguments.get("feature")
    if not isinstance(url_node, StringValueNode):
        return None
    match = _URL.match(url_node.value)
    name, version = (match.group(1), match.group(2)) if match else (url_node.value, "")
    purpose = arguments.get("for")
    if isinstance(purpose, EnumValueNode) and name not in UNDERSTOOD:
        raise NotASupergraph(
            f"{url_node.value!r} is needed for {purpose.value} and this router does not know it"
        )
    alias = arguments.get("as")
    namespace = alias.value if isinstance(alias, StringValueNode) else name
    return Feature(
        name=name, version=version, namespace=namespace, imports=_read_imports(arguments.get("import"))
    )


def _read_imports(node: ConstValueNode | None) -> dict[str, str]:
    imports: dict[str, str] = {}
    for item in node.values if isinstance(node, ListValueNode) else ():
        if isinstance(item, StringValueNode):
            imports[item.value] = item.value
        elif isinstance(item, ObjectValueNode):
            parts = {f.name.value: f.value.value for f in item.fields if isinstance(f.value, StringValueNode)}
            if "name" in parts:
                imports[parts["name"]] = parts.get("as", parts["name"])
    return imports

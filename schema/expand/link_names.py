"""The names that links give must not be confused with each other (link v1.0)."""

import re
from collections.abc import Iterator, Sequence

from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Feature

USAGE = Code.INVALID_LINK_DIRECTIVE_USAGE
OWN_PREFIX = re.compile(r"federation__(tag|inaccessible)")
"""How supergraphs name the two features that federation linked before it had directives of its own."""


def check_link_names(features: Sequence[Feature], findings: Findings) -> None:
    """Note features linked twice, prefixes that cannot be told apart, and names imported twice."""
    _check_doubles(features, findings)
    _check_prefixes(features, findings)
    _check_imports(features, findings)


def _check_doubles(features: Sequence[Feature], findings: Findings) -> None:
    seen: dict[str, Feature] = {}
    for feature in features:
        if other := seen.get(feature.url.identity):
            findings.error(
                USAGE,
                f"{feature.url.identity} is linked twice; keep one @link and put all imports there.",
                feature.place,
                other.place,
            )
        seen[feature.url.identity] = feature


def _check_prefixes(features: Sequence[Feature], findings: Findings) -> None:
    """A prefix is the name of one feature, and ends where "__" begins."""
    prefixes: dict[str, Feature] = {}
    for feature in features:
        other = prefixes.setdefault(feature.name, feature)
        if other.url.identity != feature.url.identity:
            findings.error(
                USAGE,
                f'Both {other.url} and {feature.url} are named "{feature.name}"; rename one with `as`.',
                feature.place,
            )
        if ("__" in feature.name and not OWN_PREFIX.fullmatch(feature.name)) or feature.name.endswith("_"):
            findings.error(
                USAGE,
                f'{feature.url} cannot be named "{feature.name}": a name with "__" in it, or "_" at its end, '
                f"hides where the names of its elements begin. Choose another with `as`.",
                feature.place,
            )


def _check_imports(features: Sequence[Feature], findings: Findings) -> None:
    holders: dict[str, Feature] = {}
    for feature in features:
        for imported in feature.imports.values():
            holder = holders.setdefault(imported, feature)
            if holder.url.identity != feature.url.identity:
                findings.error(
                    USAGE,
                    f'"{imported}" is imported from both {holder.url} and {feature.url}; '
                    f"rename one with `as`.",
                    feature.place,
                )
        for own, imported in feature.imports.items():
            for problem in _confusions(feature, own, imported, features):
                findings.error(
                    USAGE,
                    f'"{own}" of {feature.url} cannot be imported as "{imported}": {problem}; choose another '
                    f"name with `as`.",
                    feature.place,
                )


def _confusions(feature: Feature, own: str, imported: str, features: Sequence[Feature]) -> Iterator[str]:
    """What else the name of an import could be taken for."""
    name, sort = imported.removeprefix("@"), "@" if imported.startswith("@") else ""
    prefix, separator, rest = name.partition("__")
    for other in features:
        if other is feature:
            if separator and prefix == other.name and rest != own.removeprefix("@"):
                yield f'that is the full name of "{sort}{rest}" of the same specification'
            elif sort and name == other.name and own != f"@{other.url.name}":
                yield f'that is the full name of "@{other.url.name}" of the same specification'
        elif (separator and prefix == other.name) or (sort and name == other.name):
            yield f"that is a full name of {other.url}"

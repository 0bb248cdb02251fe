"""Reads @link: which specifications a subgraph uses and how it names their elements (link v1.0)."""

from collections.abc import Iterator, Mapping, Set
from difflib import get_close_matches

from schema.document.model import Directive, Schema
from schema.document.values import EnumLiteral, Null, Value, print_value
from schema.errors import Code
from schema.expand.link_names import check_link_names
from schema.findings import Findings
from schema.spec.directives import (
    FEDERATION_TYPES,
    NEWEST,
    OLDEST,
    federation_directives,
    newer_with,
    own_feature,
)
from schema.spec.link import FEDERATION, LINK, FeatureUrl, Version, parse_url
from schema.subgraph.model import Feature

THROUGH_FEDERATION = frozenset({"tag", "inaccessible"})
CONNECT = "https://specs.apollo.dev/connect"
LINK_VERSION = Version(1, 0)
PURPOSES = ("SECURITY", "EXECUTION")


def read_links(schema: Schema, findings: Findings) -> tuple[Feature, ...]:
    """The features that the schema links, the link specification itself first."""
    name = _link_name(schema)
    applied = [use for use in schema.schema_directives if use.name == name]
    features = [feature for use in applied if (feature := _feature(use, findings))]
    if not features:
        return ()
    if not any(feature.url.identity == LINK for feature in features):
        url = FeatureUrl(identity=LINK, name="link", version=LINK_VERSION)
        features.insert(0, Feature(url=url))
    check_link_names(features, findings)
    return tuple(features)


def _link_name(schema: Schema) -> str:
    """How @link itself is called here: it may rename itself with `as`."""
    for use in schema.schema_directives:
        url, alias = use.arguments.get("url"), use.arguments.get("as")
        if isinstance(url, str) and (parsed := parse_url(url)) and parsed.identity == LINK:
            expected = alias if isinstance(alias, str) else "link"
            if use.name in (expected, "link"):
                return use.name
    return "link"


def _feature(use: Directive, findings: Findings) -> Feature | None:
    usage = Code.INVALID_LINK_DIRECTIVE_USAGE
    text = use.arguments.get("url")
    if not isinstance(text, str):
        findings.error(usage, "@link needs `url`, the address of a specification, as a string.", use.place)
        return None
    url = parse_url(text)
    if url is None or url.version is None:
        findings.error(
            Code.INVALID_LINK_IDENTIFIER,
            f'"{text}" is not the address of a specification: write one that ends in a version, '
            'such as "https://specs.apollo.dev/federation/v2.9".',
            use.place,
        )
        return None
    alias, purpose = use.arguments.get("as", ""), use.arguments.get("for")
    if not isinstance(alias, str | Null):
        findings.error(usage, "@link's `as` must be a string.", use.place)
        return None
    if purpose is not None and (not isinstance(purpose, EnumLiteral) or purpose.name not in PURPOSES):
        message = "@link's `for` must be SECURITY or EXECUTION: choose one, or leave it out."
        findings.error(Code.INVALID_GRAPHQL, message, use.place)
        return None
    feature = Feature(
        url=url,
        alias=alias if isinstance(alias, str) else "",
        imports=_all_imports(use, findings),
        purpose=purpose.name if isinstance(purpose, EnumLiteral) else "",
        place=use.place,
    )
    if url.name in THROUGH_FEDERATION and own_feature(url.identity):
        findings.error(
            usage,
            f'Import "@{url.name}" from {FEDERATION} instead of linking {url}, which is for supergraphs.',
            use.place,
        )
    if url.identity == CONNECT:
        findings.error(
            Code.UNSUPPORTED_LINKED_FEATURE,
            f"{url} (connectors) cannot be composed here: serve the fields from a subgraph instead.",
            use.place,
        )
    if url.identity == FEDERATION:
        _check_federation(feature, findings)
    elif url.identity == LINK:
        _check_own_imports(feature, {"@link", *feature.own_types}, findings)
    elif known := own_feature(url.identity):
        _check_own_imports(feature, {f"@{name}" for name in known}.union(feature.own_types), findings)
    if url.identity == LINK and url.version != LINK_VERSION:
        message = f"{url} is not known here; link {LINK}/{LINK_VERSION}, or leave that @link out."
        findings.error(Code.UNKNOWN_LINK_VERSION, message, use.place)
    return feature


def _all_imports(use: Directive, findings: Findings) -> Mapping[str, str]:
    """The imported elements: name in the specification → name in this schema, both without doubles."""
    imports: dict[str, str] = {}
    names: dict[str, str] = {}
    for own, name in _imports(use, findings):
        if imports.setdefault(own, name) != name:
            problem = f'"{own}" is imported both as "{imports[own]}" and as "{name}": keep one'
        elif names.setdefault(name, own) != own:
            problem = f'Both "{names[name]}" and "{own}" are imported as "{name}": rename one with `as`'
        else:
            continue
        findings.error(Code.INVALID_LINK_DIRECTIVE_USAGE, f"{problem}.", use.place)
    return imports


def _imports(use: Directive, findings: Findings) -> Iterator[tuple[str, str]]:
    """The imported elements: name in the specification → name in this schema."""
    wanted = use.arguments.get("import", ())
    for item in wanted if isinstance(wanted, tuple) else (wanted,):
        match item:
            case Null():
                continue
            case str():
                yield item, item
            case Mapping():
                yield from _renamed_import(item, use, findings)
            case _:
                _bad_import(item, use, findings)


def _renamed_import(
    item: Mapping[str, Value], use: Directive, findings: Findings
) -> Iterator[tuple[str, str]]:
    name, alias = item.get("name"), item.get("as")
    if not isinstance(name, str) or not isinstance(alias, str | None) or item.keys() - {"name", "as"}:
        _bad_import(item, use, findings)
        return
    if alias is not None and name.startswith("@") != alias.startswith("@"):
        findings.error(
            Code.INVALID_LINK_DIRECTIVE_USAGE,
            f'"{name}" cannot be imported as "{alias}": both names start with "@" or neither does.',
            use.place,
        )
        return
    yield name, alias or name


def _bad_import(item: Value, use: Directive, findings: Findings) -> None:
    findings.error(
        Code.INVALID_LINK_DIRECTIVE_USAGE,
        f'@link\'s `import` cannot hold {print_value(item)}: list "@key" or {{name: "@key", as: "@myKey"}}.',
        use.place,
    )


def _check_own_imports(feature: Feature, known: Set[str], findings: Findings) -> None:
    for name in feature.imports:
        if name not in known:
            findings.error(
                Code.INVALID_LINK_DIRECTIVE_USAGE,
                f'{feature.url} has no "{name}" to import. {_cure(name, NEWEST, known)}',
                feature.place,
            )


def _cure(name: str, version: Version, known: Set[str]) -> str:
    """What to do about the import of something that a version of federation does not have."""
    if since := newer_with(name.removeprefix("@"), "", version):
        return f"Link {since}, which has it, or remove it."
    near = [f"@{name}"] if f"@{name}" in known else get_close_matches(name, sorted(known), n=1)
    return f'Did you mean "{near[0]}"?' if near else "Remove it."


def _check_federation(feature: Feature, findings: Findings) -> None:
    version = feature.url.version
    assert version is not None
    if not OLDEST <= version <= NEWEST:
        findings.error(
            Code.UNKNOWN_FEDERATION_LINK_VERSION,
            f"Federation {version} is not known here; link a version from {OLDEST} to {NEWEST}.",
            feature.place,
        )
        return
    directives = {f"@{name}" for name in federation_directives(version)}
    types = {name for name, since in FEDERATION_TYPES.items() if since <= version}
    for name in feature.imports:
        if name not in directives | types:
            findings.error(
                Code.INVALID_LINK_DIRECTIVE_USAGE,
                f'Federation {version} has no "{name}" to import. {_cure(name, version, directives | types)}',
                feature.place,
            )

"""What the supergraph links and defines: join, link, the directives that reach it, and executable ones."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from schema.document.model import (
    Directive,
    EnumType,
    EnumValue,
    Schema,
    Type,
    elements,
)
from schema.document.parse import parse_schema
from schema.document.values import EnumLiteral, Value
from schema.errors import Code
from schema.merge.executable import merge_executable_directives
from schema.merge.rule import Rule
from schema.merge.sources import Merging
from schema.spec import incremental
from schema.spec.composed import CARRIED, COMPOSED
from schema.spec.join import DEFINITIONS, JOIN, LINK
from schema.spec.link import LINK_DEFINITIONS
from schema.subgraph.model import Expanded


def with_definitions(merging: Merging, schema: Schema) -> Schema:
    """The merged schema with everything defined and linked that stands in it."""
    used = {use.name for _, element in elements(schema) for use in element.directives}
    used |= {use.name for use in schema.schema_directives}
    executable = merge_executable_directives(merging)
    used |= {
        use.name
        for definition in executable.values()
        for argument in definition.arguments.values()
        for use in argument.directives
    }
    rules = [rule for rule in merging.composition.rules if rule.name in used]
    is_streaming = any(incremental.takes_stream(each.schema.directives) for each in merging.subgraphs)
    own = _own_definitions(rules, incremental.DEFINITIONS if is_streaming else "")
    types: dict[str, Type] = {**schema.types, **own.types, "join__Graph": _graphs(merging.subgraphs)}
    directives = {**own.directives, **executable}
    for rule in rules:
        if rule.definition is not None:
            directives[rule.name] = rule.definition
    return replace(
        schema,
        types={name: types[name] for name in sorted(types)},
        directives={name: directives[name] for name in sorted(directives)},
        schema_directives=(
            Directive(name="link", arguments={"url": LINK}),
            Directive(name="link", arguments={"url": JOIN, "for": EnumLiteral("EXECUTION")}),
            *([Directive(name="link", arguments={"url": incremental.URL})] if is_streaming else ()),
            *_carried_links(schema),
            *_links(rules),
            *schema.schema_directives,
        ),
    )


def _graphs(subgraphs: Iterable[Expanded]) -> EnumType:
    """enum join__Graph: the subgraphs with their addresses."""
    values = {
        subgraph.graph: EnumValue(
            name=subgraph.graph,
            directives=(
                Directive(name="join__graph", arguments={"name": subgraph.name, "url": subgraph.url}),
                *([incremental.MARK] if incremental.takes_stream(subgraph.schema.directives) else ()),
            ),
        )
        for subgraph in subgraphs
    }
    return EnumType(name="join__Graph", values={name: values[name] for name in sorted(values)})


def _own_definitions(rules: Sequence[Rule], others: str) -> Schema:
    """Definitions of join, link, every federation directive that is used, and others."""
    known = [rule for rule in rules if rule.known_as]
    sdl = [DEFINITIONS, LINK_DEFINITIONS, others, *(COMPOSED[rule.known_as].sdl for rule in known)]
    schema, errors = parse_schema("\n".join(sdl), "supergraph")
    assert schema is not None
    assert not errors
    names = {rule.known_as: rule.name for rule in known}
    directives = (
        replace(definition, name=names.get(definition.name, definition.name))
        for definition in schema.directives.values()
    )
    return replace(schema, directives={definition.name: definition for definition in directives})


def _links(rules: Sequence[Rule]) -> list[Directive]:
    """One @link per specification, importing all but our own directives that are named like theirs."""
    links: dict[str, dict[str, Value]] = {}
    prefixes: dict[str, str] = {"link": LINK, "join": JOIN}
    for rule in sorted(rules, key=lambda rule: (not rule.known_as, rule.name)):
        url, purpose, feature = _specification(rule)
        arguments = links.setdefault(url, {"url": url})
        prefix = prefixes.setdefault(feature, url)
        if not feature or prefix != url:
            arguments.setdefault("as", f"_{len(links)}{feature}")
        if purpose:
            arguments["for"] = EnumLiteral(purpose)
        own = rule.known_as or rule.own_name
        if not rule.known_as or rule.name != feature or own != feature or "as" in arguments:
            imports = arguments.get("import", ())
            assert isinstance(imports, tuple)
            item: Value = f"@{own}" if rule.name == own else {"name": f"@{own}", "as": f"@{rule.name}"}
            arguments["import"] = (*imports, item)
    return [Directive(name="link", arguments=links[url]) for url in sorted(links)]


def _carried_links(schema: Schema) -> list[Directive]:
    """The specifications of what stands inside @join__directive."""
    carried = {
        use.arguments["name"]
        for _, element in elements(schema)
        for use in element.directives
        if use.name == "join__directive"
    }
    return [
        Directive(name="link", arguments={"url": CARRIED[name], "for": EnumLiteral("EXECUTION")})
        for name in sorted(CARRIED)
        if f"federation__{name}" in carried
    ]


def _specification(rule: Rule) -> tuple[str, str, str]:
    """The address, purpose and name of the specification that the directive is of."""
    if rule.known_as:
        composed = COMPOSED[rule.known_as]
        return composed.url, composed.purpose, composed.feature
    assert rule.url is not None
    return str(rule.url), "", rule.url.name


def have_one_name(merging: Merging) -> bool:
    """Whether each federation directive has one name, as in the supergraph; notes those that have several."""
    are_one = True
    for known_as in COMPOSED:
        local = merging.composition.local_names(known_as)
        if len(set(local.values())) > 1:
            are_one = False
            texts = ", ".join(f'"@{name}" in subgraph "{subgraph}"' for subgraph, name in local.items())
            merging.findings.error(
                Code.LINK_IMPORT_NAME_MISMATCH,
                f'Federation\'s "@{known_as}" is called {texts}: import it under one name everywhere.',
                *(
                    feature.place
                    for subgraph in merging.subgraphs
                    if subgraph.name in local
                    for feature in subgraph.features
                    if f"@{known_as}" in feature.imports
                ),
            )
    return are_one

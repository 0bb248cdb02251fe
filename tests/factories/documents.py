"""Random valid GraphQL operations over any schema, for properties that must hold for all of them."""

from dataclasses import dataclass, field
from zlib import crc32

from graphql import (
    GraphQLCompositeType,
    GraphQLField,
    GraphQLInputType,
    GraphQLSchema,
    OverlappingFieldsCanBeMergedRule,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    is_required_argument,
    is_required_input_field,
    parse,
    specified_rules,
    validate,
)
from hypothesis import assume
from hypothesis import strategies as st

CONDITION_VARIABLES = ("p", "q")
_BUT_OVERLAPS = tuple(rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule)


@dataclass
class _Writing:
    """One document while it is drawn."""

    draw: st.DrawFn
    schema: GraphQLSchema
    room: int
    conditions: bool
    is_careless: bool
    variables: bool = False
    declared: dict[str, str] = field(default_factory=dict)
    fragments: dict[str, tuple[str, str]] = field(default_factory=dict)


@st.composite
def operations(
    draw: st.DrawFn,
    schema: GraphQLSchema,
    *,
    kind: str = "query",
    size: int = 25,
    conditions: bool = True,
    is_careless: bool = False,
    variables: bool = False,
) -> str:
    """The text of one valid operation with its fragments; declares CONDITION_VARIABLES if it uses them.

    A careless one is valid but for fields that cannot be merged. With `variables`, arguments are given by
    variables that have defaults, too.
    """
    writing = _Writing(
        draw=draw,
        schema=schema,
        room=size,
        conditions=conditions,
        is_careless=is_careless,
        variables=variables,
    )
    root = {"query": schema.query_type, "mutation": schema.mutation_type}[kind]
    assert root is not None
    body = _selection_set(writing, root, depth=0)
    fragments = "".join(
        f" fragment {name} on {condition} {text}" for name, (condition, text) in writing.fragments.items()
    )
    head = "".join(f"${name}: Boolean! " for name in CONDITION_VARIABLES if f"${name}" in body + fragments)
    head += "".join(f"${name}: {each} " for name, each in writing.declared.items())
    text = f"{kind} {f'({head})' if head else ''} {body}{fragments}"
    rules = _BUT_OVERLAPS if is_careless else specified_rules
    assume(not validate(schema, parse(text), rules))
    return text


def condition_values() -> st.SearchStrategy[dict[str, bool]]:
    """Values for the condition variables."""
    return st.fixed_dictionaries({name: st.booleans() for name in CONDITION_VARIABLES})


def _selection_set(writing: _Writing, parent: GraphQLCompositeType, depth: int) -> str:
    count = writing.draw(st.integers(1, 4))
    parts = [_selection(writing, parent, depth) for _ in range(count)]
    return f"{{ {' '.join(parts)} }}"


def _selection(writing: _Writing, parent: GraphQLCompositeType, depth: int) -> str:
    writing.room -= 1
    fields = [] if not hasattr(parent, "fields") else list(parent.fields.items())
    if depth > 4 or writing.room <= 0:
        fields = [(name, each) for name, each in fields if not is_composite_type(get_named_type(each.type))]
    if writing.room > 0 and depth < 6 and writing.draw(st.integers(0, 3)) == 0:
        return _fragment(writing, parent, depth)
    if not fields or writing.draw(st.integers(0, 9)) == 0:
        alias = writing.draw(st.sampled_from(["", "kind: "]))
        return f"{alias}__typename{_directives(writing)}"
    name, definition = writing.draw(st.sampled_from(fields))
    return _field(writing, name, definition, depth)


def _field(writing: _Writing, name: str, definition: GraphQLField, depth: int) -> str:
    """Equal response keys always mean equal fields and arguments, so that selections can be merged."""
    arguments: dict[str, str] = {}
    for argument, each in definition.args.items():
        is_taken = writing.draw(st.booleans()) or is_required_argument(each)
        if is_taken:
            arguments[argument] = _argument(writing, each.type)
    key = "_".join([name, *(f"{each}{_in_a_name(value)}" for each, value in sorted(arguments.items()))])
    if writing.is_careless:
        key = writing.draw(st.sampled_from([name, "x", "y"]))
    elif writing.draw(st.integers(0, 4)) == 0:
        key = f"my_{key}"
    text = name if key == name else f"{key}: {name}"
    if arguments:
        text += f"({', '.join(f'{each}: {value}' for each, value in arguments.items())})"
    text += _directives(writing)
    named = get_named_type(definition.type)
    if is_composite_type(named):
        text += f" {_selection_set(writing, named, depth + 1)}"
    return text


def _argument(writing: _Writing, declared: GraphQLInputType) -> str:
    literal = _literal(writing, declared)
    if literal == "null" or not writing.variables or writing.draw(st.booleans()):
        return literal
    name = f"v{len(writing.declared)}"
    writing.declared[name] = f"{declared} = {literal}"
    return f"${name}"


def _literal(writing: _Writing, declared: GraphQLInputType) -> str:
    """A value of this type; the same few again and again, so that fields meet."""
    draw = writing.draw
    if is_non_null_type(declared):
        return _literal(writing, declared.of_type)
    if is_list_type(declared):
        return f"[{', '.join(_literal(writing, declared.of_type) for _ in range(draw(st.integers(0, 2))))}]"
    if is_input_object_type(declared):
        members = {
            name: _literal(writing, each.type)
            for name, each in declared.fields.items()
            if is_required_input_field(each) or draw(st.booleans())
        }
        return f"{{{', '.join(f'{name}: {value}' for name, value in members.items())}}}"
    if is_enum_type(declared):
        return str(draw(st.sampled_from(sorted(declared.values))))
    match str(declared):
        case "Int":
            return str(draw(st.integers(0, 2)))
        case "Float":
            return draw(st.sampled_from(["0.5", "2"]))
        case "Boolean":
            return draw(st.sampled_from(["true", "false"]))
        case _:
            return draw(st.sampled_from(['"a"', '"b"']))


def _in_a_name(value: str) -> str:
    return value if value.isalnum() else str(crc32(value.encode()))


def _fragment(writing: _Writing, parent: GraphQLCompositeType, depth: int) -> str:
    overlapping = _overlapping(writing.schema, parent)
    ready = [name for name, (condition, _) in writing.fragments.items() if condition in overlapping]
    if writing.draw(st.booleans()) and ready:
        return f"...{writing.draw(st.sampled_from(ready))}{_directives(writing)}"
    if not overlapping:
        return "__typename"
    condition = writing.draw(st.sampled_from(overlapping))
    narrowed = writing.schema.type_map[condition]
    assert is_composite_type(narrowed)
    text = _selection_set(writing, narrowed, depth + 1)
    if writing.draw(st.integers(0, 2)) == 0:
        name = f"F{len(writing.fragments)}"
        writing.fragments[name] = (condition, text)
        return f"...{name}{_directives(writing)}"
    return f"... on {condition}{_directives(writing)} {text}"


def _overlapping(schema: GraphQLSchema, parent: GraphQLCompositeType) -> list[str]:
    possible = _possible(schema, parent)
    return sorted(
        name
        for name, each in schema.type_map.items()
        if not name.startswith("__") and is_composite_type(each) and possible & _possible(schema, each)
    )


def _possible(schema: GraphQLSchema, composite: GraphQLCompositeType) -> set[str]:
    if is_abstract_type(composite):
        return {each.name for each in schema.get_possible_types(composite)}
    assert is_object_type(composite) or is_interface_type(composite)
    return {composite.name}


def _directives(writing: _Writing) -> str:
    if not writing.conditions or writing.draw(st.integers(0, 3)):
        return ""
    name = writing.draw(st.sampled_from(["include", "skip"]))
    value = writing.draw(st.sampled_from([*(f"${each}" for each in CONDITION_VARIABLES), "true", "false"]))
    return f" @{name}(if: {value})"

"""Made-up sets of subgraphs, each growing in one way; `size` is how much of it."""

from dataclasses import replace
from pathlib import Path

from schema.compose import Subgraph
from schema.document.model import ObjectType, Schema, Type
from schema.document.parse import parse_schema
from schema.document.print import print_schema
from schema.document.rewrite import with_type_names

ARTEFACTS = Path(__file__).parents[2] / "schema/artefacts/subgraphs"
ROOTS = ("Query", "Mutation", "Subscription")
DIRECTIVES = '"@key", "@shareable", "@external", "@requires", "@interfaceObject", "@override"'
LINK = f'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [{DIRECTIVES}])\n'


def subgraph(name: str, *parts: str) -> Subgraph:
    """A subgraph of these definitions."""
    return Subgraph(name=name, url=f"http://{name}", sdl="\n".join([LINK, *parts]))


def chained(subgraphs: int, types: int, fields: int) -> list[Subgraph]:
    """Subgraphs of entities that refer to each other; each extends all entities of the one before."""
    made = []
    for number in range(subgraphs):
        parts = [f"type Query {{ q{number}: T0_{number} }}"]
        for index in range(types):
            plain = " ".join(f"f{field}: String" for field in range(fields - 2))
            following = f"next: T{(index + 1) % types}_{number}"
            parts.append(f'type T{index}_{number} @key(fields: "id") {{ id: ID! {plain} {following} }}')
            if number:
                extended = f'@key(fields: "id") {{ id: ID! x{number}: Int }}'
                parts.append(f"type T{index}_{number - 1} {extended}")
        made.append(subgraph(f"s{number}", *parts))
    return made


def copies(times: int) -> list[Subgraph]:
    """The platform's own subgraphs that many times over: other types and root fields, the same subgraphs."""
    made = []
    for path in sorted(ARTEFACTS.glob("*.graphql")):
        schema, _ = parse_schema(path.read_text(encoding="utf-8"), path.stem)
        assert schema is not None
        made.append(Subgraph(name=path.stem, url="http://s", sdl=print_schema(_copied(schema, times))))
    return made


def more_copies(times: int) -> list[Subgraph]:
    """The platform's own subgraphs that many times over: each copy is subgraphs of its own."""
    made = []
    for path in sorted(ARTEFACTS.glob("*.graphql")):
        schema, _ = parse_schema(path.read_text(encoding="utf-8"), path.stem)
        assert schema is not None
        for number in range(times):
            sdl = print_schema(_renamed(schema, number))
            made.append(Subgraph(name=f"{path.stem}{number}", url="http://s", sdl=sdl))
    return made


def _renamed(schema: Schema, number: int) -> Schema:
    """The schema with other types and root fields."""
    machinery = {"_Any", "_Entity", "_Service", "_FieldSet", *ROOTS}
    names = {
        name: f"{name}{number}"
        for name in schema.types
        if name not in machinery and not name.startswith(("federation__", "link__"))
    }
    renamed = with_type_names(schema, names)
    types = dict(renamed.types)
    for name in ROOTS:
        if isinstance(root := types.get(name), ObjectType):
            fields = {
                key if key.startswith("_") else f"{key}{number}": replace(
                    field, name=key if key.startswith("_") else f"{key}{number}"
                )
                for key, field in root.fields.items()
            }
            types[name] = replace(root, fields=fields)
    return replace(renamed, types=types)


def _copied(schema: Schema, times: int) -> Schema:
    types: dict[str, Type] = {}
    for number in range(times):
        for name, type_ in _renamed(schema, number).types.items():
            known = types.get(name)
            if isinstance(known, ObjectType) and isinstance(type_, ObjectType):
                type_ = replace(known, fields={**known.fields, **type_.fields})
            types[name] = type_
    return replace(schema, types=types)


def interface(size: int, subgraphs: int = 2) -> list[Subgraph]:
    """Subgraphs that share one interface with many implementations, each with fields of the interface."""
    fields = "id: ID! other: Node @shareable"
    return [
        subgraph(
            f"s{number}",
            f"type Query {{ q{number}: Node }} interface Node {{ id: ID! other: Node }}",
            *(
                f'type T{index} implements Node @key(fields: "id") {{ {fields} x{number}: Int }}'
                for index in range(size)
            ),
        )
        for number in range(subgraphs)
    ]


def interface_of_own_types(size: int) -> list[Subgraph]:
    """Many subgraphs that share one interface; each has ten implementations of its own."""
    return [
        subgraph(
            f"s{number}",
            f"type Query {{ q{number}: Node }} interface Node {{ id: ID! }}",
            *(f'type T{number}_{at} implements Node @key(fields: "id") {{ id: ID! }}' for at in range(10)),
        )
        for number in range(size)
    ]


def nested_interfaces(size: int) -> list[Subgraph]:
    """Towers of ten interfaces, each implementing all below it, with types on top; in two subgraphs."""
    parts = []
    for tower in range(size):
        names = [f"I{tower}_{level}" for level in range(10)]
        for level, name in enumerate(names):
            head = f" implements {' & '.join(names[:level])}" if level else ""
            parts.append(f"interface {name}{head} {{ id: ID! up: I{tower}_0 }}")
        head = f'T{tower} implements {" & ".join(names)} @key(fields: "id")'
        parts.append(f"type {head} {{ id: ID! up: I{tower}_0 @shareable }}")
    roots = " ".join(f"t{tower}: I{tower}_9 @shareable" for tower in range(size))
    return [subgraph(name, f"type Query {{ {roots} }}", *parts) for name in ("a", "b")]


def interface_objects(size: int) -> list[Subgraph]:
    """An interface with many implementations, which four other subgraphs see as an object."""
    known = "\n".join(
        f'type T{index} implements Node @key(fields: "id") {{ id: ID! a: Int next: Node }}'
        for index in range(size)
    )
    whole = f'type Query {{ a: Node }} interface Node @key(fields: "id") {{ id: ID! next: Node }} {known}'
    return [
        subgraph("a", whole),
        *(
            subgraph(
                f"o{number}",
                f"type Query {{ o{number}: Node }}",
                f'type Node @key(fields: "id") @interfaceObject {{ id: ID! x{number}: Int y{number}: Node }}',
            )
            for number in range(4)
        ),
    ]


def unions(size: int) -> list[Subgraph]:
    """One union of many members, and a field of it on every member; in two subgraphs."""
    members = " | ".join(f"T{index}" for index in range(size))
    types = [f'type T{at} @key(fields: "id") {{ id: ID! all: U @shareable }}' for at in range(size)]
    head = f"type Query {{ u: U @shareable }} union U = {members}"
    return [subgraph(name, head, *types) for name in ("a", "b")]


def keys(size: int) -> list[Subgraph]:
    """One entity of many keys in three subgraphs."""
    marks = " ".join(f'@key(fields: "k{index}")' for index in range(size))
    fields = " ".join(f"k{index}: ID!" for index in range(size))
    return [
        subgraph(name, f"type Query {{ {name}: T }} type T {marks} {{ {fields} own_{name}: Int }}")
        for name in ("a", "b", "c")
    ]


def requirements_through_interface(size: int) -> list[Subgraph]:
    """Entities that each require a field of an interface with many implementations."""
    key = 'implements Node @key(fields: "id")'
    whole = [f"type T{at} {key} {{ id: ID! a: Int owner: Node }}" for at in range(size)]
    needing = [
        f"type T{at} {key} {{ id: ID! owner: Node @external a: Int @external "
        f'b: Int @requires(fields: "owner {{ id a }}") }}'
        for at in range(size)
    ]
    interface = "interface Node { id: ID! a: Int owner: Node }"
    return [
        subgraph("a", "type Query { a: Node }", interface, *whole),
        subgraph("b", "type Query { b: Node }", interface, *needing),
    ]


def requirements(size: int) -> list[Subgraph]:
    """A chain of fields that require each other from one subgraph to the other."""
    of_a, of_b = ["id: ID!"], ["id: ID!", "f0: Int"]
    for at in range(1, size):
        own, other = (of_a, of_b) if at % 2 else (of_b, of_a)
        own += [f"f{at - 1}: Int @external"] if at > 1 or own is of_a else []
        own.append(f'f{at}: Int @requires(fields: "f{at - 1}")')
    del other
    sides = {"a": of_a, "b": of_b}
    return [
        subgraph(name, f'type Query {{ {name}: T }} type T @key(fields: "id") {{ {" ".join(fields)} }}')
        for name, fields in sides.items()
    ]


def shared_entity(size: int) -> list[Subgraph]:
    """Many subgraphs that all add a field to one entity and have a root field of their own."""
    return [
        subgraph(
            f"s{number}",
            f"type Query {{ q{number}: T }}",
            f'type T @key(fields: "id") {{ id: ID! x{number}: Int y{number}: T }}',
        )
        for number in range(size)
    ]


def chained_keys(size: int) -> list[Subgraph]:
    """Many subgraphs that know one entity, each reachable from the one before it only."""
    return [
        subgraph(
            f"s{number}",
            "type Query { q: T }" if number == 0 else "",
            f'type T @key(fields: "k{number}") @key(fields: "k{number + 1}") '
            f"{{ k{number}: ID! k{number + 1}: ID! x{number}: Int }}",
        )
        for number in range(size)
    ]


def shared_value(size: int) -> list[Subgraph]:
    """Many subgraphs that share one value type of twenty fields."""
    fields = " ".join(f"f{index}: Int" for index in range(20))
    return [
        subgraph(f"s{number}", f"type Query {{ q{number}: V }} type V @shareable {{ {fields} me: V }}")
        for number in range(size)
    ]


def shared_mutations(size: int) -> list[Subgraph]:
    """Many mutations that two subgraphs share, each with a payload of its own that leads to everything."""
    mutations = " ".join(f"m{at}: P{at} @shareable" for at in range(size))
    payloads = [f"type P{at} @shareable {{ ok: Int all: T0 }}" for at in range(size)]
    types = [
        f'type T{at} @key(fields: "id") {{ id: ID! next: T{(at + 1) % size} @shareable }}'
        for at in range(size)
    ]
    head = f"type Query {{ t: T0 @shareable }} type Mutation {{ {mutations} }}"
    return [subgraph(name, head, *payloads, *types) for name in ("a", "b")]


def labels(size: int) -> list[Subgraph]:
    """Many types, each with a field that moves to another subgraph under a label of its own."""
    moved = '@override(from: "a", label: "percent({at})")'
    types = [f'type T{at} @key(fields: "id") {{ id: ID! x: Int' for at in range(size)]
    roots = " ".join(f"t{at}: T{at}" for at in range(size))
    return [
        subgraph("a", f"type Query {{ {roots} }}", *(f"{type_} }}" for type_ in types)),
        subgraph(
            "b",
            *(
                f"{type_} {moved.replace('{at}', f'{at * 99 / size:.3f}')} }}"
                for at, type_ in enumerate(types)
            ),
        ),
    ]


def extensions(size: int) -> list[Subgraph]:
    """A query type that is extended many times."""
    return [
        subgraph("a", "type Query { a: Int }", *(f"extend type Query {{ a{at}: Int }}" for at in range(size)))
    ]


def many_types(size: int) -> list[Subgraph]:
    """One subgraph of many types that refer to each other."""
    types = (f"type T{at} {{ id: ID! next: T{(at + 1) % size} }}" for at in range(size))
    return [subgraph("a", "type Query { t: T0 }", *types)]


def many_fields(size: int) -> list[Subgraph]:
    """Two subgraphs that share one entity of many fields."""
    fields = " ".join(f"f{at}(a: Int = {at}): Int" for at in range(size))
    return [
        subgraph(name, f'type Query {{ {name}: T }} type T @key(fields: "id") {{ id: ID! {more} }}')
        for name, more in (("a", fields), ("b", "b: Int"))
    ]


def many_values(size: int) -> list[Subgraph]:
    """Two subgraphs that share an enum of many values, taken and given."""
    values = " ".join(f"V{at}" for at in range(size))
    return [subgraph(name, f"enum E {{ {values} }} type Query {{ {name}(e: E): E }}") for name in ("a", "b")]


def many_inputs(size: int) -> list[Subgraph]:
    """Two subgraphs that share an input type of many fields."""
    fields = " ".join(f"f{at}: Int = {at}" for at in range(size))
    return [
        subgraph(name, f"input I {{ {fields} }} type Query {{ {name}(i: I): Int }}") for name in ("a", "b")
    ]


def layers(size: int) -> list[Subgraph]:
    """Value types in layers; each of two fields of a layer is missing in one subgraph more: 2^size sets."""
    made = []
    for number in range(size * 2):
        types = []
        for layer in range(size):
            fields = [f"{name}: L{layer + 1}" for half, name in enumerate("ab") if number != 2 * layer + half]
            types.append(f"type L{layer} @shareable {{ {' '.join(fields)} }}")
        last = f"type L{size} @shareable {{ x: Int }}"
        made.append(subgraph(f"s{number}", "type Query { l: L0 @shareable }", *types, last))
    return made

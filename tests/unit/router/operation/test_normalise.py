"""Documents that say the same become the same Operation."""

import pytest
from graphql import build_schema

from router.errors import MaxSelectionsExceeded, OperationUnresolved
from router.operation.fingerprint import fingerprint
from router.operation.model import Conditions, Field, InlineFragment, Operation, OperationKind, SelectionSet
from router.operation.normalise import normalise
from router.operation.parse import parse
from router.operation.validate import validate

SCHEMA = build_schema("""
    type Query { a(x: Int, in: In, t: String): A u: [U!] n: Node m: Media }
    type Mutation { a: A }
    union U = A | B
    interface Node { id: ID! }
    interface Media implements Node { id: ID! title: String }
    type A implements Node { id: ID! b: Int a: A }
    type B implements Media & Node { id: ID! title: String c: Int }
    type C implements Media & Node { id: ID! title: String c: Int }
    input In { a: Int b: [Int] }
""")


def operation(text: str, name: str | None = None) -> Operation:
    document = parse(text)
    validate(document, SCHEMA)
    return normalise(document, name, SCHEMA)


def shown(text: str) -> str:
    return show(operation(text).selections)


def show(selections: SelectionSet) -> str:
    return " ".join(
        f"{show_field(item)}" if isinstance(item, Field) else show_fragment(item) for item in selections
    )


def show_field(item: Field) -> str:
    text = item.name if item.name == item.response_key else f"{item.response_key}:{item.name}"
    if item.arguments:
        text += f"({','.join(f'{each.name}:{each.value}' for each in item.arguments)})"
    text += show_conditions(item.conditions)
    return text if item.selections is None else f"{text}{{{show(item.selections)}}}"


def show_fragment(item: InlineFragment) -> str:
    assert item.conditions == ()
    return f"...{item.type_condition}{{{show(item.selections)}}}"


def show_conditions(conditions: Conditions) -> str:
    return "".join(f"@{'' if each.wanted else '!'}{each.variable}" for each in conditions)


XY = "query($x: Boolean! $y: Boolean!)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{...F a{b}} fragment F on Query {a{b id} ...on Query{a{id a{b}}}}", "a{b id a{b}}"),
        ("{a{b b my:b}}", "a{b my:b}"),
        ("{a{...on Node{id} ...on U{...on A{b}} b}}", "a{id b}"),
        ("{m{...on Node{id} title}}", "m{id title}"),
        ("{n{...on Media{title ...on Node{id}} id}}", "n{...Media{title id} id}"),
        ("{u{...on Media{...on Node{id}}}}", "u{...Media{id}}"),
        ("{u{...on A{b} ...on A{id} ...on B{c} ...on A{a{b}}}}", "u{...A{b id} ...B{c} ...A{a{b}}}"),
        ("{n{id ...on A{id b}}}", "n{id ...A{b}}"),
        ("{n{...on A{id} id}}", "n{...A{id} id}"),
        ("{u{...on A{...on Node{...on B{c} id}}}}", "u{...A{id}}"),
        ("{u{...on Media{...on Node{...on A{b}}}}}", "u{}"),
        ("{a{b @skip(if:true)}}", "a{}"),
        ("{a{b @include(if:true) id @include(if:false)}}", "a{b}"),
        ("{a{... @include(if:false){b} ... @skip(if:false){id}}}", "a{id}"),
        ("{a{b @skip(if:true) b}}", "a{b}"),
    ],
)
def test_fragments_are_written_out_and_fields_merged(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{a{b @include(if:$x) id @skip(if:$y)}}", "a{b@x id@!y}"),
        ("{a{...F @include(if:$x)}} fragment F on A {b id @include(if:$y)}", "a{b@x id@x@y}"),
        ("{u{...on A @include(if:$x){b} ...on A @skip(if:$y){b}}}", "u{...A{b@x b@!y}}"),
        ("{a @include(if:$x){b} a @include(if:$y){id}}", "a@x{b} a@y{id}"),
        ("{a{b} a @include(if:$x){b id @include(if:$y)}}", "a{b id@x@y}"),
        ("{a @include(if:$x){b} a{id}}", "a@x{b} a{id}"),
        ("{a{b b @include(if:$x)}}", "a{b}"),
        ("{a @include(if:$x){b @include(if:$x) id @skip(if:$x)}}", "a@x{b}"),
        ("{a{b @include(if:$x) @skip(if:$x)}}", "a{}"),
        ("{a @include(if:$x) @skip(if:$y){b @include(if:$y) id}}", "a@x@!y{id}"),
    ],
)
def test_conditions_end_up_on_fields(text: str, expected: str) -> None:
    document = parse(f"{XY} {text}")

    assert show(normalise(document, None, SCHEMA).selections) == expected


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ('{a(x:1, t:"q"){b}}', '{ a ( t : """q""" x : 1 ) { b } }'),
        ("{a(in:{a:1 b:[1,2]}){b}}", "query { a(in: {b: [1 2], a: 1}) { b, } }"),
        ("{a{b id}}", "{...F} fragment F on Query {a{...G id}} fragment G on A {b}"),
    ],
)
def test_formatting_does_not_matter(left: str, right: str) -> None:
    assert operation(left) == operation(right)
    assert fingerprint(operation(left)) == fingerprint(operation(right))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("{a{b id}}", "{a{id b}}"),
        ("{a(x:1){b}}", "{a(x:2){b}}"),
        ("{a{id}}", "mutation {a{id}}"),
        ("{n{id}}", "{n{...on A{id}}}"),
        ("query($x:Int=1){a(x:$x){b}}", "query($x:Int=2){a(x:$x){b}}"),
        ("query($x:Boolean!){a@include(if:$x){b}}", "query($x:Boolean!){a@skip(if:$x){b}}"),
    ],
)
def test_what_differs_has_another_fingerprint(left: str, right: str) -> None:
    assert fingerprint(operation(left)) != fingerprint(operation(right))


def test_names_of_operations_do_not_matter_for_plans() -> None:
    assert fingerprint(operation("{a{b}}")) == fingerprint(operation("query N {a{b}}"))


def test_arguments_know_their_variables() -> None:
    (item,) = operation("query($i:Int $l:[Int]){a(x:$i in:{b:$l}){b}}").selections.items

    assert isinstance(item, Field)
    assert [(each.name, each.value, each.variables) for each in item.arguments] == [
        ("in", "{b:$l}", frozenset({"l"})),
        ("x", "$i", frozenset({"i"})),
    ]


def test_the_operation_is_chosen_by_name() -> None:
    text = "query A {a{b}} mutation B {a{id}}"

    chosen = operation(text, "B")

    assert (chosen.kind, chosen.name) == (OperationKind.MUTATION, "B")
    for name in (None, "C", ""):
        with pytest.raises(OperationUnresolved):
            operation(text, name)
    with pytest.raises(OperationUnresolved):
        normalise(parse("fragment F on A {b}"), None, SCHEMA)


def test_a_kind_that_the_schema_lacks_is_refused() -> None:
    with pytest.raises(OperationUnresolved, match="subscription"):
        normalise(parse("subscription {a}"), None, SCHEMA)


def test_writing_out_is_bounded() -> None:
    bomb = "{...F0}" + "".join(f" fragment F{n} on Query {{...F{n + 1} ...F{n + 1}}}" for n in range(40))

    with pytest.raises(MaxSelectionsExceeded, match="max_selections is 1000"):
        normalise(parse(bomb + " fragment F40 on Query {a{b}}"), None, SCHEMA, max_selections=1000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{u{... on A{id}} u{...on B{id}} }", "u{...A{id} ...B{id}}"),
        ("query($x: Boolean!) {a@include(if: $x){b} a{id} a@include(if: $x){a{b}}}", "a@x{b} a{id a@x{b}}"),
        (
            "{n{... on A{a{b}} ... on B{id}} n{... on A{a{id}}}}",
            "n{...A{a{b}} ...B{id} ...A{a{id}}}",
        ),
        ("{n{...on A{a{b}} ... on A{a{id}}}}", "n{...A{a{b id}}}"),
    ],
)
def test_nothing_overtakes_what_stands_between(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{a{b} z:a{b} a{id}}", "a{b id} z:a{b}"),
        ("{a@include(if: $x){b} z:a{b} a{id}}", "a@x{b id} z:a{b} a@!x{id}"),
        ("{a@include(if: $x){b} z:a{b} a@skip(if: $x){id}}", "a@x{b} z:a{b} a@!x{id}"),
        (
            "{a@include(if: $x){b} z:a{b} a@include(if: $y){id} y:a{b} a{a{b}}}",
            "a@x{b id@y a{b}} z:a{b} a@!x@y{id a{b}} y:a{b} a@!x@!y{a{b}}",
        ),
        (
            "{a@include(if: $x)@skip(if: $y){b} z:a{b} a{id}}",
            "a@x@!y{b id} z:a{b} a@!x{id} a@x@y{id}",
        ),
    ],
)
def test_a_mutation_runs_where_it_is_met_first_and_never_again(text: str, expected: str) -> None:
    used = " ".join(f"{name}: Boolean!" for name in ("$x", "$y") if name in text)
    declared = f"({used})" if used else ""

    assert shown(f"mutation{declared} {text}") == expected


def test_mutations_in_very_many_cases_are_refused() -> None:
    pairs = [(f"$v{number}a", f"$v{number}b") for number in range(40)]
    head = " ".join(f"{one}: Boolean! {other}: Boolean!" for one, other in pairs)
    body = " ".join(
        f"a @include(if: {one}) @include(if: {other}) {{b}} z{at}: a {{b}}"
        for at, (one, other) in enumerate(pairs)
    )
    text = f"mutation({head}) {{ {body} a {{ id }} }}".replace(") @include", ") @skip")

    with pytest.raises(MaxSelectionsExceeded):
        normalise(parse(text), None, SCHEMA)

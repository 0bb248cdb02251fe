"""What is compiled, what is not, and that neither names nor wide types make it dangerous."""

import pytest
from graphql import parse

from router.compiled.program import Program, compile_program
from router.compiled.programs import USES_BEFORE, Programs
from router.compiled.source import MAX_LINES, NotCompilable
from router.executor.executor import prepare
from router.operation.normalise import normalise
from router.planner.planner import plan
from router.projection.shape import shape_of
from router.snapshot.build import Snapshot, build_snapshot
from schema.compose import Subgraph, compose

WIDTH = 100
_TYPES = " ".join(
    f"type T{number} implements N {{ id: ID! below: N name: String own{number}: Int }}"
    for number in range(WIDTH)
)
WIDE = f"interface N {{ id: ID! below: N name: String }} {_TYPES} type Query {{ n: N }}"


def snapshot_of(sdl: str) -> Snapshot:
    return build_snapshot(compose([Subgraph(name="a", url="", sdl=sdl)]).supergraph_sdl)


def program_of(snapshot: Snapshot, query: str, **truth: bool) -> Program:
    operation = normalise(parse(query), None, snapshot.schema)
    made = plan(operation, snapshot.query_graph)
    return compile_program(
        made, operation, schema=snapshot.schema, supergraph=snapshot.supergraph, truth=truth
    )


def test_types_that_are_treated_alike_are_compiled_once() -> None:
    query = "{ n { id below { id below { id name ... on T1 { own1 } } } } }"

    program = program_of(snapshot_of(WIDE), query)

    assert program.source.count("\n") < 100
    leaf = {"__typename": "T1", "id": "3", "name": "x", "own1": 7}
    top = {"__typename": "T9", "id": "1", "below": {"__typename": "T8", "id": "2", "below": leaf}}
    assert program.project([{"n": top}]) == {
        "n": {"id": "1", "below": {"id": "2", "below": {"id": "3", "name": "x", "own1": 7}}}
    }


def test_a_program_that_would_be_too_long_is_not_made() -> None:
    each = " ".join(
        f"... on T{n} {{ own{n} below {{ name ... on T1 {{ own1 }} ... on T2 {{ id }} }} }}"
        for n in range(WIDTH)
    )

    with pytest.raises(NotCompilable, match="too long"):
        program_of(snapshot_of(WIDE), f"{{ n {{ id {each} }} }}")

    assert program_of(snapshot_of(WIDE), "{ n { id } }").source.count("\n") < MAX_LINES


def test_names_are_only_ever_quoted() -> None:
    """Keys that are words of Python, or variables of the generated code."""
    names = ("class", "D", "t0", "v1", "Surprise", "None", "__import__x", "k", "raise")
    query = "{ n { " + " ".join(f"{name}: name" for name in names) + " } }"
    aliased = dict.fromkeys(names, "x")

    program = program_of(snapshot_of("type Query { n: N } type N { name: String }"), query)

    assert program.project([{"n": aliased}]) == {"n": aliased}


def test_generated_code_sees_few_builtins() -> None:
    program = program_of(snapshot_of("type Query { n: Int }"), "{ n }")

    builtins = program.project.__globals__["__builtins__"]

    assert set(builtins) == {"bool", "dict", "float", "int", "len", "list", "str", "type", "zip"}


@pytest.mark.parametrize(("shows", "wanted"), [(True, {"a": 1, "b": 2}), (False, {"a": 1})])
def test_there_is_a_program_for_each_outcome_of_the_conditions(shows: bool, wanted: dict[str, int]) -> None:
    snapshot = snapshot_of("type Query { a: Int b: Int }")

    program = program_of(snapshot, "query($p: Boolean!) { a b @include(if: $p) }", p=shows)

    assert program.project([wanted]) == wanted


def test_a_program_is_wanted_once_and_only_for_what_is_used_again() -> None:
    snapshot = snapshot_of("type Query { a: Int }")
    operation = normalise(parse("{ a }"), None, snapshot.schema)
    prepared = prepare(plan(operation, snapshot.query_graph))
    programs = Programs(prepared, shape_of(operation, snapshot.schema), snapshot.supergraph)

    wanted = [programs.is_wanted(()) for _ in range(USES_BEFORE + 3)]

    assert wanted == [False] * USES_BEFORE + [True, False, False]
    assert programs.get(()) is None
    assert programs.make(()) is programs.get(()) is not None


def test_what_has_no_program_says_why() -> None:
    snapshot = snapshot_of("type Query { a: Int }")
    operation = normalise(parse("{ __typename }"), None, snapshot.schema)
    prepared = prepare(plan(operation, snapshot.query_graph))
    programs = Programs(prepared, shape_of(operation, snapshot.schema), snapshot.supergraph)

    assert programs.make(()) is None
    assert programs.refusal(()) == "no fetches of its own"

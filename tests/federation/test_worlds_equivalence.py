"""Whatever the subgraphs and the query: both executors answer what one schema over the same data answers.

Subgraphs come from the corpus of composition (every class of the public audit among them) and from
generators; queries are drawn. A case that fails is shrunk and printed as a file of `classes`, where it stays.
"""

import asyncio
import json
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.subgraph_client.protocol import SubgraphClient
from tests.factories.documents import condition_values, operations
from tests.factories.drawn_subgraphs import drawn_subgraphs
from tests.factories.faults import FaultySubgraph
from tests.factories.federations import partitions
from tests.factories.media_worlds import media_worlds
from tests.federation.answered import Federation, assert_like_the_monolith, both_ways, federation_of
from tests.federation.class_files import all_classes
from tests.federation.corpus_sets import sets_of

OPERATIONS_PER_SET = 4
DRAWN_SETS = 60
OPERATIONS_PER_DRAWN_SET = 6
FAULTY_SETS = 40
MUTATIONS_PER_SET = 12

BEYOND_THE_WORLD: Mapping[str, str] = {
    "audit_abstract_types.audit_corrupted_supergraph_node_id": "some fields are out of reach, see classes",
    "audit_abstract_types.audit_non_resolvable_interface_object": "some fields are out of reach, see classes",
    "inputs.argument_default_in_one_only": "subgraphs disagree about what an argument is",
    "inputs.input_default_in_one_only": "subgraphs disagree about what an argument is",
    "inputs.input_required_field_with_a_default": "subgraphs disagree about what an argument is",
    "inaccessible.inaccessible_input_field": "clients cannot see what the subgraph is told",
    "links.imports_renamed": "other names for the directives",
    "links.prefix_of_federation_in_two_ways": "other names for the directives",
    "near_misses.requires_and_provides_federation_1_requires_own_field": "requires what it has itself",
    "near_misses.merging_argument_default_in_one_only": "subgraphs disagree about what an argument is",
    "near_misses.merging_input_field_default_in_one_only": "subgraphs disagree about what an argument is",
    "near_misses.roots_query_not_listed": "other names for the roots",
    "roots.root_named_by_an_extension_of_the_schema": "other names for the roots",
}
ALL_SETS = [
    each
    for each in sets_of("valid")
    if str(each) not in BEYOND_THE_WORLD and not any("@fromContext" in s.sdl for s in each.subgraphs)
]
NO_MUTATIONS = (  # clients see none, or under a name that the world does not know
    "inaccessible.inaccessible_mutation_root",
    "near_misses.roots_mutation_not_listed",
    "near_misses.roots_mutation_not_listed_beside_another_query",
)
MUTATING: Mapping[str, Mapping[str, str]] = {
    name: sdl
    for name, sdl in (
        *((str(each), {one.name: one.sdl for one in each.subgraphs}) for each in ALL_SETS),
        *((each.name, each.sdl) for each in all_classes() if not each.corpus_set),
    )
    if name not in NO_MUTATIONS and any("type Mutation" in text for text in sdl.values())
}
TOPICS = sorted({each.topic for each in ALL_SETS})


def test_these_are_two_thousand_cases() -> None:
    drawn = 3 * DRAWN_SETS * OPERATIONS_PER_DRAWN_SET

    assert len(ALL_SETS) * OPERATIONS_PER_SET + drawn >= 2_000


@pytest.mark.parametrize("topic", TOPICS)
def test_every_set_of_the_corpus_answers_like_a_monolith(topic: str) -> None:
    for each in ALL_SETS:
        if each.topic == topic:
            federation = federation_of({subgraph.name: subgraph.sdl for subgraph in each.subgraphs})
            _try_operations(federation)


def _try_operations(federation: Federation) -> None:
    schema = federation.snapshot.schema

    @settings(
        max_examples=OPERATIONS_PER_SET, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(operations(schema, size=15, variables=True), condition_values())
    def answers_like_a_monolith(text: str, variables: dict[str, bool]) -> None:
        assert_like_the_monolith(federation, text, variables)

    answers_like_a_monolith()


@pytest.mark.parametrize("name", MUTATING)
def test_mutations_run_once_and_in_order(name: str) -> None:
    federation = federation_of(MUTATING[name])
    schema = federation.snapshot.schema

    @settings(
        max_examples=MUTATIONS_PER_SET, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(operations(schema, kind="mutation", size=15, variables=True), condition_values())
    def answers_like_a_monolith(text: str, variables: dict[str, bool]) -> None:
        assert_like_the_monolith(federation, text, variables)

    answers_like_a_monolith()


@pytest.mark.parametrize(
    "drawn",
    [partitions().map(lambda found: found.sdl), media_worlds(), drawn_subgraphs()],
    ids=["spread", "interface objects", "everything at once"],
)
def test_every_drawn_set_answers_like_a_monolith(drawn: st.SearchStrategy[Mapping[str, str]]) -> None:
    @settings(max_examples=DRAWN_SETS, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def answers_like_a_monolith(data: st.DataObject) -> None:
        federation = federation_of(data.draw(drawn))
        schema = federation.snapshot.schema
        for _ in range(OPERATIONS_PER_DRAWN_SET):
            text = data.draw(operations(schema, size=20, variables=True))
            assert_like_the_monolith(federation, text, data.draw(condition_values()))

    answers_like_a_monolith()


@settings(max_examples=FAULTY_SETS, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.integers(0, 999), st.sampled_from([1, 2, 4]), st.booleans())
def test_whatever_fails_in_drawn_sets_both_executors_answer_the_same(
    data: st.DataObject, seed: int, one_in: int, is_hostile: bool
) -> None:
    federation = federation_of(data.draw(drawn_subgraphs()))

    def clients() -> Mapping[str, SubgraphClient]:
        return {
            name: FaultySubgraph(client, f"{seed}{name}", one_in, is_hostile=is_hostile)
            for name, client in federation.world.clients().items()
        }

    for _ in range(OPERATIONS_PER_DRAWN_SET):
        text = data.draw(operations(federation.snapshot.schema, size=20, variables=True))
        variables = data.draw(condition_values())

        answers = asyncio.run(both_ways(federation.snapshot, clients, text, variables))

        if answers.fast is not None:
            case = federation.as_text(text, variables)
            assert json.dumps(answers.fast.data) == json.dumps(answers.reference.data), case
            told = sorted(map(repr, answers.reference.errors))
            assert sorted(map(repr, answers.fast.errors)) == told, case

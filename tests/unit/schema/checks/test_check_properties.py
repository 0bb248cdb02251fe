"""Checks of generated schemas: held against graphql-core's own comparison and against operations."""

from collections.abc import Mapping

from graphql import build_schema, lexicographic_sort_schema, print_schema
from graphql.utilities import BreakingChange, BreakingChangeType, find_schema_changes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema.checks.change import Change
from schema.checks.check import check
from schema.checks.compare import compare
from schema.checks.kinds import Criticality, Kind
from schema.checks.recorded import Client, RecordedOperation
from schema.checks.side import read_side
from tests.factories.client_schemas import client_schemas
from tests.factories.documents import operations

_KINDS: Mapping[BreakingChangeType, set[Kind]] = {
    BreakingChangeType.TYPE_REMOVED: {Kind.TYPE_REMOVED},
    BreakingChangeType.TYPE_CHANGED_KIND: {Kind.TYPE_KIND_CHANGED},
    BreakingChangeType.TYPE_REMOVED_FROM_UNION: {Kind.UNION_MEMBER_REMOVED},
    BreakingChangeType.VALUE_REMOVED_FROM_ENUM: {Kind.ENUM_VALUE_REMOVED},
    BreakingChangeType.REQUIRED_INPUT_FIELD_ADDED: {Kind.REQUIRED_INPUT_FIELD_ADDED},
    BreakingChangeType.IMPLEMENTED_INTERFACE_REMOVED: {Kind.INTERFACE_IMPLEMENTATION_REMOVED},
    BreakingChangeType.FIELD_REMOVED: {Kind.FIELD_REMOVED, Kind.INPUT_FIELD_REMOVED},
    BreakingChangeType.FIELD_CHANGED_KIND: {
        Kind.FIELD_TYPE_CHANGED,
        Kind.FIELD_BECAME_NULLABLE,
        Kind.INPUT_FIELD_TYPE_CHANGED,
        Kind.INPUT_FIELD_BECAME_NON_NULL,
        Kind.INPUT_FIELD_BECAME_REQUIRED,
    },
    BreakingChangeType.REQUIRED_ARG_ADDED: {Kind.REQUIRED_ARGUMENT_ADDED},
    BreakingChangeType.ARG_REMOVED: {Kind.ARGUMENT_REMOVED},
    BreakingChangeType.ARG_CHANGED_KIND: {
        Kind.ARGUMENT_TYPE_CHANGED,
        Kind.ARGUMENT_BECAME_NON_NULL,
        Kind.ARGUMENT_BECAME_REQUIRED,
    },
    BreakingChangeType.DIRECTIVE_REMOVED: {Kind.DIRECTIVE_REMOVED},
    BreakingChangeType.DIRECTIVE_ARG_REMOVED: {Kind.ARGUMENT_REMOVED},
    BreakingChangeType.REQUIRED_DIRECTIVE_ARG_ADDED: {Kind.REQUIRED_ARGUMENT_ADDED},
    BreakingChangeType.DIRECTIVE_REPEATABLE_REMOVED: {Kind.DIRECTIVE_BECAME_UNREPEATABLE},
    BreakingChangeType.DIRECTIVE_LOCATION_REMOVED: {Kind.DIRECTIVE_LOCATION_REMOVED},
}
_FINER = {
    Kind.ONE_OF_ADDED,
    Kind.ROOT_TYPE_REMOVED,
    Kind.ARGUMENT_BECAME_REQUIRED,
    Kind.INPUT_FIELD_BECAME_REQUIRED,
}
"""Breaking for us, and not seen by graphql-core: no more default, exactly one field, no more mutations."""

_WITH_A_SECOND_NAME = {
    Kind.UNION_MEMBER_REMOVED,
    Kind.INTERFACE_IMPLEMENTATION_REMOVED,
    Kind.DIRECTIVE_LOCATION_REMOVED,
}

_MANY = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def changes_of(old: str, new: str) -> tuple[Change, ...]:
    return compare(read_side(old, "old"), read_side(new, "new"))


def is_same(theirs: BreakingChange, ours: Change) -> bool:
    """Whether both speak of one thing: every name of our coordinate stands in their sentence."""
    names = ours.coordinate.replace("(", ".").replace(":)", "").lstrip("@").split(".")
    if ours.kind in _WITH_A_SECOND_NAME:
        names.append(ours.old)
    return ours.kind in _KINDS[theirs.type] and all(name in theirs.description for name in names)


@given(old=client_schemas(), new=client_schemas())
@_MANY
def test_whatever_is_breaking_for_graphql_core_is_breaking_here(old: str, new: str) -> None:
    breaking = [one for one in changes_of(old, new) if one.criticality is Criticality.BREAKING]
    theirs = [
        one
        for one in find_schema_changes(build_schema(old), build_schema(new))
        if isinstance(one, BreakingChange) and not one.description.startswith("Standard scalar")
    ]

    for change in theirs:
        assert any(is_same(change, one) for one in breaking), (change, breaking)
    for ours in breaking:
        assert (
            ours.kind in _FINER or ours.coordinate[0] == "@" or any(is_same(one, ours) for one in theirs)
        ), ours


@given(old=client_schemas(), new=client_schemas())
@_MANY
def test_something_is_said_exactly_when_something_changed(old: str, new: str) -> None:
    before, after = (print_schema(lexicographic_sort_schema(build_schema(sdl))) for sdl in (old, new))

    changes = changes_of(old, new)

    assert bool(changes) == (before != after)
    assert len(set(changes)) == len(changes)


@given(old=client_schemas(), new=client_schemas())
@_MANY
def test_added_one_way_is_removed_the_other_way(old: str, new: str) -> None:
    there, back = changes_of(old, new), changes_of(new, old)

    added = {one.coordinate for one in there if one.kind in (Kind.TYPE_ADDED, Kind.FIELD_ADDED)}
    removed = {one.coordinate for one in back if one.kind in (Kind.TYPE_REMOVED, Kind.FIELD_REMOVED)}
    assert added == removed


@given(data=st.data(), old=client_schemas(), new=client_schemas())
@_MANY
def test_an_operation_that_is_refused_is_hit_by_a_breaking_change(
    data: st.DataObject, old: str, new: str
) -> None:
    text = data.draw(operations(build_schema(old)))
    recorded = RecordedOperation(text=text, name="", clients=(Client(),))

    checked = check(read_side(old, "old"), read_side(new, "new"), [recorded])

    assert checked.operations == 1
    for refused in checked.broken:
        if not all("conflict" in message for message in refused.messages):
            assert checked.failing, refused.messages
            assert all(one.hits for one in checked.failing)

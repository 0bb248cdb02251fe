"""Which rules a supergraph has, whom they let through, and what pruning leaves of an operation."""

import re
from typing import Any

import pytest
from graphql import parse

from common.access.principal import ANONYMOUS, Principal
from router.access.rules import fulfils, guarded
from router.access.withheld import unauthorised
from router.operation.guards import guards_of
from router.operation.model import Operation, Step, Withheld
from router.operation.normalise import normalise
from router.snapshot.build import Snapshot, build_snapshot
from schema.supergraph.model import Access
from schema.supergraph.parse import parse_supergraph
from tests.fakes.vault import SUPERGRAPH, caller

READ = Access(scopes=(("read", "hr"), ("admin",)))
IN_HOUSE = Access(authenticated=True, policies=(("in-house",),))


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return build_snapshot(SUPERGRAPH)


def operation_of(text: str, snapshot: Snapshot) -> Operation:
    return normalise(parse(text), None, snapshot.schema)


@pytest.mark.parametrize(
    ("rule", "principal", "granted", "is_let_through"),
    [
        (Access(authenticated=True), ANONYMOUS, (), False),
        (Access(authenticated=True), caller(), (), True),
        (READ, caller("read"), (), False),
        (READ, caller("read", "hr"), (), True),
        (READ, caller("admin"), (), True),
        (IN_HOUSE, caller(), (), False),
        (IN_HOUSE, caller(), ("in-house",), True),
        (IN_HOUSE, ANONYMOUS, ("in-house",), False),
    ],
)
def test_whom_a_rule_lets_through(
    rule: Access, principal: Principal, granted: tuple[str, ...], is_let_through: bool
) -> None:
    assert fulfils(rule, principal, frozenset(granted)) is is_let_through


def test_a_supergraph_without_rules_has_no_guards() -> None:
    used = r"(?<!directive) @(authenticated|requiresScopes\([^)]*\)|policy\([^)]*\))"

    assert guards_of(parse_supergraph(re.sub(used, "", SUPERGRAPH))) is None


def test_an_operation_that_touches_no_rule_is_not_guarded(snapshot: Snapshot) -> None:
    assert snapshot.guards is not None
    assert guarded(operation_of("{ me { name boss { name } } }", snapshot), snapshot.guards) is None


def test_what_is_made_from_guarded_fields_is_guarded() -> None:
    """Composition demands the same rule on it; other composers may not have."""
    bonus = re.search(r"^ *bonus: .*$", SUPERGRAPH, re.MULTILINE)
    assert bonus is not None
    unguarded = re.sub(r" @requiresScopes\(.*\)", "", bonus[0])
    guards = guards_of(parse_supergraph(SUPERGRAPH.replace(bonus[0], unguarded)))

    assert unguarded != bonus[0]
    assert guards is not None
    assert guards.fields["Person.bonus"] == guards.fields["Person.salary"]


def test_a_field_of_a_guarded_type_is_guarded(snapshot: Snapshot) -> None:
    assert snapshot.guards is not None
    assert snapshot.guards.fields["Person.secret"] == {Access(authenticated=True)}
    assert "Secret.text" not in snapshot.guards.fields


def test_pruning_is_done_once_for_a_mask(snapshot: Snapshot) -> None:
    assert snapshot.guards is not None
    found = guarded(operation_of("{ me { email salary } }", snapshot), snapshot.guards)
    assert found is not None

    nobody, somebody = found.mask(ANONYMOUS, frozenset()), found.mask(caller(), frozenset())

    assert found.without(nobody) is found.without(found.mask(ANONYMOUS, frozenset()))
    assert [each.at for each in found.without(nobody).withheld] == ["Person.email", "Person.salary"]
    assert [each.at for each in found.without(somebody).withheld] == ["Person.salary"]
    assert found.mask(caller("admin"), frozenset()) == frozenset()


def test_masks_do_not_pile_up(snapshot: Snapshot) -> None:
    assert snapshot.guards is not None
    found = guarded(operation_of("{ me { email } }", snapshot), snapshot.guards)
    assert found is not None

    for number in range(200):
        found.without(frozenset({Access(policies=((str(number),),))}))

    assert len(found._pruned) <= 64


def test_places_are_looked_for_so_long_and_no_longer() -> None:
    steps = (Step(key="people"), Step(key="boss"), Step(key="email"))
    data = {"people": [{"boss": None}] * 30_000}
    many = [Withheld(at=f"Person.f{number}", steps=steps) for number in range(2_000)]
    assert list(unauthorised(data, many, {})) == []

    few: dict[str, Any] = {"people": [{"boss": {}}] * 60}
    found = [error.path for error in unauthorised(few, many[:1], {})]
    assert found == [("people", number, "boss", "email") for number in range(50)]

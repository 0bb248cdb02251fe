"""@authenticated, @requiresScopes and @policy: what a caller may not see is null, and never asked for."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from common.access.principal import ANONYMOUS
from router.context import RequestContext
from router.settings import RouterSettings, Unauthorised
from tests.fakes.vault import Vault, caller, vault

SETTINGS = RouterSettings(introspection=True)


@pytest.fixture(scope="module")
async def company() -> AsyncIterator[Vault]:
    """A router that grants the policy `in-house` to those who signed in."""

    async def grant(policies: frozenset[str], context: RequestContext) -> frozenset[str]:
        return frozenset() if context.principal.is_anonymous else policies & {"in-house"}

    async with vault(SETTINGS, grant) as found:
        yield found


@pytest.fixture(autouse=True)
def _nobody(company: Vault) -> None:
    company.principal = ANONYMOUS
    company.people.calls.clear()
    company.pay.calls.clear()


def unauthorised(*paths: list[str | int]) -> list[dict[str, Any]]:
    code = {"code": "UNAUTHORIZED_FIELD_OR_TYPE"}
    return [{"message": "Unauthorized field or type", "path": path, "extensions": code} for path in paths]


def asked(company: Vault) -> str:
    return " ".join(call.document for call in company.people.calls + company.pay.calls)


async def test_a_field_is_null_for_those_who_may_not_see_it(company: Vault) -> None:
    answer = await company.ask("{ me { name email } }")

    assert answer["data"] == {"me": {"name": "Ann", "email": None}}
    assert answer["errors"] == unauthorised(["me", "email"])
    assert "email" not in asked(company)


async def test_others_see_it(company: Vault) -> None:
    company.principal = caller()

    assert await company.ask("{ me { name email } }") == {"data": {"me": {"name": "Ann", "email": "ann@a"}}}


async def test_what_one_caller_may_see_is_never_shown_to_another(company: Vault) -> None:
    for _ in range(4):  # plans are compiled meanwhile
        company.principal = caller()
        assert (await company.ask("{ me { email } }"))["data"] == {"me": {"email": "ann@a"}}
        company.principal = ANONYMOUS
        assert (await company.ask("{ me { email } }"))["data"] == {"me": {"email": None}}


async def test_errors_name_every_place_in_a_list(company: Vault) -> None:
    answer = await company.ask("{ people { name mail: email } }")

    assert answer["data"]["people"] == [{"name": "Ann", "mail": None}, {"name": "Bob", "mail": None}]
    assert answer["errors"] == unauthorised(["people", 0, "mail"], ["people", 1, "mail"])


async def test_an_object_of_which_nothing_is_left_is_still_there(company: Vault) -> None:
    answer = await company.ask("{ me { email } }")

    assert answer["data"] == {"me": {"email": None}}


async def test_a_null_where_none_may_be_goes_up(company: Vault) -> None:
    answer = await company.ask("{ me { name boss { name badge } } }")

    assert answer["data"] == {"me": {"name": "Ann", "boss": None}}
    assert answer["errors"] == unauthorised(["me", "boss", "badge"])


async def test_it_goes_up_to_the_root(company: Vault) -> None:
    answer = await company.ask("{ count me { name } }")

    assert answer["data"] is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHORIZED_FIELD_OR_TYPE"]


@pytest.mark.parametrize(
    ("scopes", "is_seen"),
    [
        ((), False),
        (("salary:read",), False),
        (("salary:read", "hr"), True),
        (("admin",), True),
        (("hr", "other"), False),
    ],
)
async def test_one_of_the_alternatives_of_scopes_is_needed(
    company: Vault, scopes: tuple[str, ...], is_seen: bool
) -> None:
    company.principal = caller(*scopes)

    answer = await company.ask("{ me { salary bonus rank } }")

    shown = {"salary": 10, "bonus": 20, "rank": 3} if is_seen else {"salary": None, "bonus": None, "rank": 3}
    assert answer["data"]["me"] == shown
    assert ("salary" in asked(company)) is is_seen


async def test_policies_are_granted_by_the_program(company: Vault) -> None:
    company.principal = caller()

    assert (await company.ask("{ me { badge } }"))["data"] == {"me": {"badge": "A1"}}


async def test_policies_that_nobody_grants_do_not_hold() -> None:
    async def fails(policies: frozenset[str], context: RequestContext) -> frozenset[str]:
        raise ZeroDivisionError

    for grant in (None, fails):
        async with vault(SETTINGS, grant) as company:
            company.principal = caller()
            assert (await company.ask("{ me { badge } }"))["data"] == {"me": None}


async def test_a_guarded_type_is_guarded_wherever_it_comes_from(company: Vault) -> None:
    answer = await company.ask("{ me { name secret { text } } }")

    assert answer["data"] == {"me": {"name": "Ann", "secret": None}}
    assert answer["errors"] == unauthorised(["me", "secret"])
    assert "secret" not in asked(company)


@pytest.mark.parametrize("of", ["secret", "person"])
async def test_a_guarded_member_of_a_union(company: Vault, of: str) -> None:
    things = "__typename ... on Secret { id text } ... on Person { name }"
    query = f"query($of: String) {{ thing(of: $of) {{ {things} }} }}"

    answer = await company.ask(query, variables={"of": of})

    if of == "secret":
        assert answer["data"] == {"thing": None}  # its text may not be null
        assert answer["errors"][0]["path"] == ["thing", "id"]
        assert "hush" not in json.dumps(answer)
    else:
        assert answer == {"data": {"thing": {"__typename": "Person", "name": "Ann"}}}


async def test_fragments_say_of_which_objects_something_is_missing(company: Vault) -> None:
    fragment = "fragment E on Actor { id ... on Person { email } }"
    query = '{ a: actor { ...E } b: actor(of: "robot") { ...E } } ' + fragment

    answer = await company.ask(query)

    assert answer["data"] == {"a": {"id": "1", "email": None}, "b": {"id": "r"}}
    assert answer["errors"] == unauthorised(["a", "email"])


async def test_an_interface_asks_for_what_its_objects_ask_for(company: Vault) -> None:
    answer = await company.ask('{ actor(of: "robot") { id email } }')

    assert answer["data"] == {"actor": {"id": "r", "email": None}}
    assert answer["errors"] == unauthorised(["actor", "email"])


async def test_what_takes_no_part_is_not_missed(company: Vault) -> None:
    query = "query($w: Boolean!) { me { name email @include(if: $w) } }"

    assert await company.ask(query, variables={"w": False}) == {"data": {"me": {"name": "Ann"}}}
    assert (await company.ask(query, variables={"w": True}))["errors"] == unauthorised(["me", "email"])


async def test_a_guarded_mutation_is_not_made(company: Vault) -> None:
    answer = await company.ask('mutation { rename(name: "X") { name email } }')

    assert answer["data"] == {"rename": {"name": "X", "email": None}}
    assert (await company.ask("mutation { burn }"))["data"] is None
    assert "burn" not in asked(company)


async def test_nothing_is_asked_of_anybody_where_nothing_is_left(company: Vault) -> None:
    answer = await company.ask("{ secrets { text } }")

    assert answer["data"] is None
    assert answer["errors"] == unauthorised(["secrets"])
    assert company.people.calls == []


async def test_introspection_shows_guarded_fields(company: Vault) -> None:
    answer = await company.ask('{ __type(name: "Secret") { fields { name } } me { email } }')

    assert [each["name"] for each in answer["data"]["__type"]["fields"]] == ["id", "text"]


async def test_what_is_deferred_comes_at_once_where_something_is_missing(company: Vault) -> None:
    accept = "multipart/mixed;deferSpec=20220824, application/json"

    answer = await company.ask("{ me { name ... @defer { email rank } } }", accept)

    assert answer["data"] == {"me": {"name": "Ann", "email": None, "rank": 3}}
    assert answer["errors"] == unauthorised(["me", "email"])


async def _events(company: Vault, query: str) -> list[dict[str, Any]]:
    headers = {"accept": "text/event-stream"}
    response = await company.http.post("/graphql", json={"query": query}, headers=headers)
    lines = (line.removeprefix("data:").strip() for line in response.text.splitlines() if "data:" in line)
    return [json.loads(line) for line in lines if line]


async def test_events_are_masked_too(company: Vault) -> None:
    events = await _events(company, "subscription { joined { name email } }")

    assert [event["data"]["joined"] for event in events] == [
        {"name": "Ann", "email": None},
        {"name": "Bob", "email": None},
    ]
    assert events[0]["errors"] == unauthorised(["joined", "email"])


async def test_a_guarded_source_is_not_listened_to(company: Vault) -> None:
    (event,) = await _events(company, "subscription { left { name } }")

    assert event["errors"][0]["extensions"]["code"] == "UNAUTHORIZED_FIELD_OR_TYPE"
    assert company.people.calls == []


async def test_operations_may_be_refused_whole() -> None:
    settings = replace(SETTINGS, unauthorized_fields=Unauthorised.REFUSE)
    async with vault(settings) as company:
        answer = await company.ask("{ me { name email } people { email } }")

        assert "data" not in answer
        assert [error["path"] for error in answer["errors"]] == [["me", "email"], ["people", "email"]]
        assert company.people.calls == []

"""Identical queries in flight are sent once, and nobody gets an answer that was made for somebody else."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from router.context import RequestContext
from router.operation.model import OperationKind
from router.subgraph_client.headers import HeaderPolicy
from router.subgraph_client.protocol import SubgraphRequest, SubgraphResponse
from router.subgraph_client.sharing import SharingClient
from tests.fakes.subgraph_client import FakeSubgraphClient

PEOPLE = [ANONYMOUS] + [
    Principal(kind=PrincipalKind.USER, id=UUID(int=who), organisation_id=UUID(int=where), scopes=scopes)
    for who in (1, 2)
    for where in (7, 8)
    for scopes in (frozenset[str](), frozenset({"notes:write"}))
]


def sign(context: RequestContext, *, audience: str, body: bytes) -> str:
    return "signed"


POLICIES = {
    "unsigned": HeaderPolicy(forwarded=frozenset({"x-tenant", "accept-language"})),
    "signed": HeaderPolicy(forwarded=frozenset({"x-tenant", "accept-language"}), sign=sign),
}


def request(
    document: str = "{a}",
    *,
    kind: OperationKind = OperationKind.QUERY,
    variables: dict[str, Any] | None = None,
    **context: Any,
) -> SubgraphRequest:
    return SubgraphRequest(
        kind=kind,
        document=document,
        operation_name=None,
        variables=variables or {},
        context=RequestContext(request_id="r", **({"deadline": 1e12} | context)),
    )


def sharing(inner: FakeSubgraphClient, policy: HeaderPolicy = POLICIES["signed"]) -> SharingClient:
    return SharingClient(inner, lambda context: policy.knows(context, is_in_process=False))


async def asked_together(client: SharingClient, *requests: SubgraphRequest) -> list[SubgraphResponse]:
    return await asyncio.gather(*(client.execute(each) for each in requests))


async def test_a_hundred_identical_queries_are_sent_once() -> None:
    gate = asyncio.Event()
    inner = FakeSubgraphClient(lambda asked: SubgraphResponse(data={"a": 1}, is_shared=False), gate=gate)
    client = sharing(inner)

    together = asyncio.gather(*(client.execute(request()) for _ in range(100)))
    await inner.asked.wait()
    gate.set()
    responses = await together

    assert len(inner.requests) == 1
    assert {id(response.data) for response in responses} == {id(responses[0].data)}
    assert all(response.is_shared for response in responses), "whoever writes has to copy first"
    assert client.shared == 99


async def test_an_answer_for_one_alone_may_be_written_to() -> None:
    inner = FakeSubgraphClient(lambda asked: SubgraphResponse(data={"a": 1}, is_shared=False))

    response = await sharing(inner).execute(request())

    assert not response.is_shared


async def test_mutations_are_all_sent_and_later_queries_see_them() -> None:
    gate = asyncio.Event()
    inner = FakeSubgraphClient({"a": 1}, gate=gate)
    client = sharing(inner)
    change = request("mutation{a}", kind=OperationKind.MUTATION)
    before = asyncio.ensure_future(client.execute(request()))
    await inner.asked.wait()
    gate.set()  # the mutations end before the query, which was first, is looked at again

    await asked_together(client, change, change)
    await asked_together(client, request())
    await before

    assert [each.document for each in inner.requests] == ["{a}", "mutation{a}", "mutation{a}", "{a}"]


async def test_what_is_no_json_goes_through_alone() -> None:
    inner = FakeSubgraphClient({"a": 1})

    await asked_together(sharing(inner), *(request(variables={"file": object()}) for _ in range(2)))

    assert len(inner.requests) == 2


ASKING = st.fixed_dictionaries(
    {
        "document": st.sampled_from(["{a}", "{b}"]),
        "variables": st.sampled_from([{}, {"x": 1}, {"x": 1.0}, {"x": True}, {"x": "1"}]),
        "principal": st.sampled_from(PEOPLE),
        "headers": st.dictionaries(
            st.sampled_from(["x-tenant", "accept-language", "x-unseen"]), st.sampled_from(["", "a", "b"])
        ),
        "client_address": st.sampled_from([None, "10.0.0.1", "10.0.0.2"]),
        "user_agent": st.sampled_from([None, "curl"]),
    }
)


@settings(max_examples=200, deadline=None)
@given(asking=st.lists(ASKING, min_size=2, max_size=12), policy=st.sampled_from(sorted(POLICIES)))
async def test_everybody_gets_what_the_subgraph_would_have_said_to_them(
    asking: list[dict[str, Any]], policy: str
) -> None:
    """The subgraph answers with all that it was told: who gets it must have told it the same."""

    def told(asked: SubgraphRequest) -> dict[str, Any]:
        headers = POLICIES[policy].seen_by_subgraph(asked.context)
        who = [asked.context.principal, asked.context.client_address, asked.context.user_agent]
        return {"said": repr((asked.document, asked.variables, headers, policy == "signed" and who))}

    gate = asyncio.Event()
    inner = FakeSubgraphClient(told, gate=gate)
    requests = [request(**each) for each in asking]

    together = asyncio.ensure_future(asked_together(sharing(inner, POLICIES[policy]), *requests))
    await inner.asked.wait()
    gate.set()
    responses = await together

    for one, response in zip(requests, responses, strict=True):
        assert response.data == told(replace(one, body=None))
    assert len(inner.requests) == len({told(one)["said"] for one in requests})


async def test_answers_that_go_on_are_nobody_elses() -> None:
    gate = asyncio.Event()
    inner = FakeSubgraphClient({"a": [1]}, gate=gate)
    client = sharing(inner)
    asking = asyncio.create_task(
        asked_together(client, *[replace(request(), takes_parts=True)] * 2, request())
    )
    while len(inner.requests) < 3:
        await asyncio.sleep(0)
    gate.set()

    await asking

    assert client.shared == 0

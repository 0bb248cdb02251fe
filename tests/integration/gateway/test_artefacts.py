"""What routers read: signed, for the platform alone, with an entity tag; never more than what is active."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx2
import pytest

from common.access.artefacts import ArtefactKind, ArtefactRefused, ArtefactVerifier
from common.access.principal import Principal, PrincipalKind
from common.access.signing import HEADER, IdentitySigner, IdentityVerifier, generate_key
from common.clock import SystemClock
from common.db.session import Database
from common.graphql.app import build_subgraph_app
from common.graphql.subgraph import Subgraph
from common.ids import from_global_id
from subgraphs.gateway.errors import ArtefactKeyMissing
from subgraphs.gateway.service.artefacts import Artefacts
from subgraphs.gateway.service.parts import GatewayParts
from tests.factories.graphs import FEDERATION, data_of, mutation, publisher, sdl
from tests.integration.gateway.conftest import Ask

pytestmark = pytest.mark.stores

SYSTEM = Principal(kind=PrincipalKind.SYSTEM)


async def make(ask: Ask, principal: Principal, verb: str, **input: Any) -> dict[str, Any]:
    payload: dict[str, Any] = data_of(await ask(principal, mutation(verb), input=input))[verb]
    assert payload["errors"] == []
    return payload


@pytest.fixture
def person() -> Principal:
    return publisher()


@pytest.fixture
async def graph(ask: Ask, person: Principal) -> str:
    """A graph with two supergraphs, the second of them active, and a contract."""
    id: str = (await make(ask, person, "graphCreate", name="shop"))["graph"]["id"]
    where = {"graphId": id, "name": "a", "url": "http://a"}
    await make(ask, person, "contractSet", graphId=id, name="app", exclude=["hidden"])
    await make(ask, person, "subgraphPublish", **where, sdl=sdl("first"))
    tagged = f'{FEDERATION}type Query {{ second: Int third: Int @tag(name: "hidden") }}'
    await make(ask, person, "subgraphPublish", **where, sdl=tagged, activate=True)
    return id


@pytest.fixture
def router() -> IdentitySigner:
    """Signs as the platform does."""
    return IdentitySigner(KEY)


KEY = generate_key()


@pytest.fixture
async def http(subgraph: Subgraph[GatewayParts]) -> AsyncIterator[httpx2.AsyncClient]:
    """The subgraph behind HTTP."""
    app = build_subgraph_app(subgraph, IdentityVerifier([KEY.public_key()], "gateway"))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gateway") as client:
        yield client


def signed(
    router: IdentitySigner, principal: Principal = SYSTEM, *, audience: str = "gateway"
) -> dict[str, str]:
    token = router.sign(principal, audience=audience, body=b"", request_id="1", now=SystemClock().now())
    return {HEADER: token}


def key_of(graph: str) -> UUID:
    return from_global_id(graph, "Graph")


async def test_the_active_supergraph_is_signed_and_unchanged_ones_are_not_sent_again(
    http: httpx2.AsyncClient,
    router: IdentitySigner,
    graph: str,
    ask: Ask,
    person: Principal,
    parts: GatewayParts,
) -> None:
    path = f"/internal/artefacts/supergraph/{key_of(graph)}"

    first = await http.get(path, headers=signed(router))
    again = await http.get(path, headers={**signed(router), "if-none-match": first.headers["etag"]})
    await make(ask, person, "supergraphActivate", graphId=graph, number=1)
    changed = await http.get(path, headers={**signed(router), "if-none-match": first.headers["etag"]})

    assert parts.artefacts.public_key is not None
    verifier = ArtefactVerifier([parts.artefacts.public_key])
    one, two = (verifier.verify(each.content, kind=ArtefactKind.SUPERGRAPH) for each in (first, changed))
    assert (one.graph, one.variant, one.number, one.serial, one.is_platform) == (
        key_of(graph),
        "",
        2,
        1,
        False,
    )
    assert (two.number, two.serial) == (1, 2)
    assert b"second: Int" in one.body
    assert b"first: Int" in two.body
    assert first.headers["etag"] == one.tag != two.tag
    assert (again.status_code, again.content) == (304, b"")
    with pytest.raises(ArtefactRefused):
        ArtefactVerifier([generate_key().public_key()]).verify(first.content, kind=ArtefactKind.SUPERGRAPH)


async def test_going_back_to_the_same_supergraph_is_a_new_artefact(
    graph: str, ask: Ask, person: Principal, parts: GatewayParts
) -> None:
    before = await parts.artefacts.active(key_of(graph))
    await make(ask, person, "supergraphActivate", graphId=graph, number=1)
    await make(ask, person, "supergraphRollback", graphId=graph)

    after = await parts.artefacts.active(key_of(graph), known=before.tag if before else None)

    assert before is not None
    assert after is not None
    assert after.text is not None
    assert after.tag != before.tag


async def test_every_process_signs_the_same_bytes(parts: GatewayParts, graph: str) -> None:
    one, two = [await parts.artefacts.active(key_of(graph)) for _ in range(2)]

    assert one == two


async def test_a_contract_is_a_variant(
    http: httpx2.AsyncClient, router: IdentitySigner, graph: str, parts: GatewayParts
) -> None:
    path = f"/internal/artefacts/supergraph/{key_of(graph)}"

    app = await http.get(path, params={"variant": "app"}, headers=signed(router))
    other = await http.get(path, params={"variant": "other"}, headers=signed(router))

    assert parts.artefacts.public_key is not None
    verifier = ArtefactVerifier([parts.artefacts.public_key])
    artefact = verifier.verify(app.content, kind=ArtefactKind.SUPERGRAPH)
    assert artefact.variant == "app"
    assert b"@inaccessible" in artefact.body.partition(b"type Query")[2]
    assert other.status_code == 404


@pytest.mark.parametrize(
    "graph_name", ["0190c5a5-0000-7000-8000-000000000001", "nothing", "%00", "a" * 5_000, "platform2"]
)
async def test_what_is_not_there_is_not_found(
    http: httpx2.AsyncClient, router: IdentitySigner, graph_name: str
) -> None:
    answer = await http.get(f"/internal/artefacts/supergraph/{graph_name}", headers=signed(router))

    assert answer.status_code == 404


@pytest.mark.parametrize("variant", ["\0", "a" * 10_000, "\ud7ff", "\n"])
async def test_variants_that_cannot_be_are_not_found(
    http: httpx2.AsyncClient, router: IdentitySigner, graph: str, variant: str
) -> None:
    path = f"/internal/artefacts/supergraph/{key_of(graph)}"

    answer = await http.get(path, params={"variant": variant}, headers=signed(router))

    assert answer.status_code == 404


async def test_only_the_platform_may_read(
    http: httpx2.AsyncClient, router: IdentitySigner, graph: str, person: Principal
) -> None:
    path = f"/internal/artefacts/supergraph/{key_of(graph)}"
    stranger = IdentitySigner(generate_key())

    for headers in (
        {},
        signed(stranger),
        signed(router, person),
        signed(router, audience="auth"),
    ):
        answer = await http.get(path, headers=headers)
        assert answer.status_code == 401
        assert b"second" not in answer.content


async def test_nothing_is_handed_out_before_something_is_active(
    ask: Ask, parts: GatewayParts, person: Principal
) -> None:
    id = (await make(ask, person, "graphCreate", name="quiet"))["graph"]["id"]
    await make(ask, person, "subgraphPublish", graphId=id, name="a", url="http://a", sdl=sdl("a"))

    assert await parts.artefacts.active(key_of(id)) is None


async def test_without_a_key_nothing_is_handed_out(database: Database, graph: str) -> None:
    artefacts = Artefacts(database, None)

    assert artefacts.public_key is None
    with pytest.raises(ArtefactKeyMissing):
        await artefacts.active(key_of(graph))

"""Whoever may publish and read can still not fill the memory of others, nor confuse the order of things."""

import asyncio
from typing import Any

import pytest

from common.access.principal import Principal
from subgraphs.gateway.service import graphs
from tests.factories.graphs import data_of, mutation, publisher, sdl
from tests.integration.gateway.conftest import Ask

pytestmark = pytest.mark.stores

LARGE = "#" * 15_000


async def change(ask: Ask, principal: Principal, verb: str, **input: Any) -> dict[str, Any]:
    """The payload of a mutation."""
    payload: dict[str, Any] = data_of(await ask(principal, mutation(verb), input=input))[verb]
    return payload


async def publish(ask: Ask, person: Principal, graph: str, name: str, text: str, **more: Any) -> list[str]:
    """The codes of what refuses it."""
    where = {"graphId": graph, "name": name, "url": f"http://{name}", "sdl": text}
    payload = await change(ask, person, "subgraphPublish", **where, **more)
    return [error["code"] for error in payload["errors"]]


@pytest.fixture
def person() -> Principal:
    return publisher()


@pytest.fixture
async def graph(ask: Ask, person: Principal) -> str:
    """An empty graph of the person's."""
    id: str = (await change(ask, person, "graphCreate", name="shop"))["graph"]["id"]
    return id


async def test_the_schemas_of_a_graph_are_bounded_together(ask: Ask, person: Principal, graph: str) -> None:
    for name in ("a", "b", "c"):
        assert await publish(ask, person, graph, name, sdl(name, LARGE)) == []

    assert await publish(ask, person, graph, "d", sdl("d", LARGE)) == ["GRAPH_TOO_LARGE"]
    assert await publish(ask, person, graph, "c", sdl("c")) == []
    assert await publish(ask, person, graph, "d", sdl("d", LARGE)) == []


async def test_pages_of_schemas_are_not_read_when_they_are_too_much(
    ask: Ask, person: Principal, graph: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for field in ("a", "b", "c"):
        await publish(ask, person, graph, "s", sdl(field, "#" * 2_000))
    versions = 'query ($id: ID!) { graph(id: $id) { subgraphVersions(name: "s") { nodes { sdl } } } }'
    supergraphs = "query ($id: ID!) { graph(id: $id) { supergraphs { nodes { sdl } } } }"
    latest = "query ($id: ID!) { graph(id: $id) { latest { sdl subgraphs { sdl } } } }"
    monkeypatch.setattr(graphs, "MOST_TEXT", 3_000)

    for document in (versions, supergraphs):
        answer = await ask(person, document, id=graph)
        assert {error["extensions"]["code"] for error in answer.errors} == {"TOO_MUCH_TEXT"}
    one = data_of(await ask(person, latest, id=graph))["graph"]["latest"]

    assert one["subgraphs"] == [{"sdl": sdl("c", "#" * 2_000)}]
    assert "c: Int" in one["sdl"]


async def test_publications_and_roll_backs_at_once_make_one_history(
    ask: Ask, person: Principal, graph: str
) -> None:
    for field in ("one", "two", "three"):
        assert await publish(ask, person, graph, "s", sdl(field), activate=True) == []

    await asyncio.gather(
        change(ask, person, "supergraphRollback", graphId=graph),
        publish(ask, person, graph, "a", sdl("a"), activate=True),
        change(ask, person, "supergraphActivate", graphId=graph, number=1),
        publish(ask, person, graph, "b", sdl("b"), activate=True),
        change(ask, person, "supergraphRollback", graphId=graph),
    )

    document = """query ($id: ID!) { graph(id: $id) { latest { number subgraphs { name } }
      active { serial } activations { nodes { serial } } } }"""
    found = data_of(await ask(person, document, id=graph))["graph"]
    serials = [activation["serial"] for activation in found["activations"]["nodes"]]
    assert serials == list(range(len(serials), 0, -1))
    assert found["active"]["serial"] == serials[0]
    assert found["latest"] == {"number": 5, "subgraphs": [{"name": "a"}, {"name": "b"}, {"name": "s"}]}


async def test_descriptions_with_control_characters_are_kept(ask: Ask, person: Principal, graph: str) -> None:
    text = '"what\\u0000 \\u001b" type Query { "why\\u0000" a: Int }'

    assert await publish(ask, person, graph, "a", text, activate=True) == []

    document = "query ($id: ID!) { graph(id: $id) { active { supergraph { sdl } } } }"
    found = data_of(await ask(person, document, id=graph))["graph"]["active"]["supergraph"]
    assert '"why\\u0000"' in found["sdl"]

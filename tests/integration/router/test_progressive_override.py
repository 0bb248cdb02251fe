"""A field that moves to another subgraph for a share of the requests."""

import aiohttp

from router.app import RouterApp, Surroundings, build_app
from router.context import RequestContext
from router.pipeline.labels import DecideLabels
from router.settings import RouterSettings
from router.snapshot.load import TextSource
from router.subgraph_client.protocol import SubgraphRequest
from tests.fakes.http_server import serving
from tests.fakes.subgraph_client import FakeSubgraphClient

SUPERGRAPH = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
{ query: Query }
enum join__Graph {
  OLD @join__graph(name: "old", url: "http://old.test")
  NEW @join__graph(name: "new", url: "http://new.test")
}
type Query @join__type(graph: OLD) @join__type(graph: NEW) {
  never: String
    @join__field(graph: OLD) @join__field(graph: NEW, override: "old", overrideLabel: "percent(0)")
  half: String
    @join__field(graph: OLD) @join__field(graph: NEW, override: "old", overrideLabel: "percent(50)")
  always: String
    @join__field(graph: OLD) @join__field(graph: NEW, override: "old", overrideLabel: "percent(100)")
  beta: String
    @join__field(graph: OLD) @join__field(graph: NEW, override: "old", overrideLabel: "beta")
}
"""


FIELDS = ("never", "half", "always", "beta")


def subgraph(name: str) -> FakeSubgraphClient:
    """Answers each field that it is asked for with its own name."""

    def answer(request: SubgraphRequest) -> dict[str, str]:
        return {field: name for field in FIELDS if field in request.document}

    return FakeSubgraphClient(answer)


async def test_requests_are_shared_out_by_percentage() -> None:
    clients = {name: subgraph(name) for name in ("old", "new")}
    app = build_app(RouterSettings(), TextSource(SUPERGRAPH), Surroundings(subgraphs=clients))

    seen: dict[str, set[str]] = {field: set() for field in ("never", "half", "always")}
    async with serving(app) as server, aiohttp.ClientSession() as session:
        for _ in range(60):
            async with session.post(
                f"{server.url}/graphql", json={"query": "{ never half always }"}
            ) as answer:
                for field, told in (await answer.json())["data"].items():
                    seen[field].add(told)

    assert seen == {"never": {"old"}, "half": {"old", "new"}, "always": {"new"}}


async def asked(app: RouterApp, **headers: str) -> str:
    """Who answers the field that moves with the label `beta`."""
    async with (
        serving(app) as server,
        aiohttp.ClientSession() as session,
        session.post(f"{server.url}/graphql", json={"query": "{ beta }"}, headers=headers) as answer,
    ):
        owner: str = (await answer.json())["data"]["beta"]
        return owner


async def test_other_labels_hold_by_setting_or_by_decision() -> None:
    clients = {name: subgraph(name) for name in ("old", "new")}

    async def decide(labels: frozenset[str], context: RequestContext) -> frozenset[str]:
        return labels if context.headers.get("x-beta") == "yes" else frozenset()

    def app(decide: DecideLabels | None, *always: str) -> RouterApp:
        settings = RouterSettings(override_labels=frozenset(always))
        return build_app(settings, TextSource(SUPERGRAPH), Surroundings(subgraphs=clients, labels=decide))

    assert await asked(app(None)) == "old"
    assert await asked(app(None, "beta")) == "new"
    assert await asked(app(decide)) == "old"
    assert await asked(app(decide), **{"x-beta": "yes"}) == "new"

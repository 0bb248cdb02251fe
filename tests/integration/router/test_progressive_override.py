"""A field that moves to another subgraph for a share of the requests."""

import aiohttp

from router.app import Surroundings, build_app
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
}
"""


FIELDS = ("never", "half", "always")


def subgraph(name: str) -> FakeSubgraphClient:
    """Answers each field that it is asked for with its own name."""

    def answer(request: SubgraphRequest) -> dict[str, str]:
        return {field: name for field in FIELDS if field in request.document}

    return FakeSubgraphClient(answer)


async def test_requests_are_shared_out_by_percentage() -> None:
    clients = {name: subgraph(name) for name in ("old", "new")}
    app = build_app(RouterSettings(), TextSource(SUPERGRAPH), Surroundings(subgraphs=clients))

    seen: dict[str, set[str]] = {field: set() for field in FIELDS}
    async with serving(app) as server, aiohttp.ClientSession() as session:
        for _ in range(60):
            async with session.post(
                f"{server.url}/graphql", json={"query": "{ never half always }"}
            ) as answer:
                for field, told in (await answer.json())["data"].items():
                    seen[field].add(told)

    assert seen == {"never": {"old"}, "half": {"old", "new"}, "always": {"new"}}

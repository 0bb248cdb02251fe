"""The router on a real socket over the shop's subgraphs, by both transports."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import pytest

from router.app import RouterApp, Surroundings, build_app
from router.settings import PassthroughRoute, RouterSettings, SubscriptionSettings, Timeouts
from router.snapshot.load import TextSource
from tests.fakes.executable_subgraph import ExecutableSubgraph
from tests.fakes.http_server import HttpServer, serving
from tests.fakes.shop import Shop

SETTINGS = RouterSettings(
    is_development=True,
    cookie_subgraphs=frozenset({"products"}),
    timeouts=Timeouts(subgraph=20.0),
    # Each listener of a source is somebody's own, and one that is lost is soon given up.
    subscriptions=SubscriptionSettings(share=False, reconnect=0.05),
)


@dataclass(kw_only=True)
class Answer:
    """An HTTP answer, read whole."""

    status: int
    headers: Any
    body: Any

    @property
    def codes(self) -> list[str]:
        """The codes of its errors."""
        return [error["extensions"]["code"] for error in self.body.get("errors", ())]


@dataclass(kw_only=True)
class Platform:
    """A running router, the shop behind it, and a client."""

    shop: Shop
    app: RouterApp
    server: HttpServer
    session: aiohttp.ClientSession
    products: ExecutableSubgraph
    reviews: ExecutableSubgraph
    servers: dict[str, HttpServer] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the graph is."""
        return f"{self.server.url}/graphql"

    async def ask(self, query: str, headers: dict[str, str] | None = None, **members: Any) -> Answer:
        """POST an operation."""
        return await self.send(headers=headers, json={"query": query, **members})

    async def send(self, method: str = "POST", path: str = "/graphql", **options: Any) -> Answer:
        """Any HTTP request."""
        async with self.session.request(
            method, self.server.url + path, allow_redirects=False, **options
        ) as response:
            is_json = "json" in response.headers.get("content-type", "")
            body = await (response.json() if is_json else response.text())
            return Answer(status=response.status, headers=response.headers, body=body)


async def started(settings: RouterSettings, *, over_http: bool) -> AsyncIterator[Platform]:
    """The whole, until the test ends."""
    shop = Shop()
    products, reviews = shop.products_subgraph(), shop.reviews_subgraph()
    async with (
        serving(products.app()) as products_server,
        serving(reviews.app()) as reviews_server,
        aiohttp.ClientSession() as session,
    ):
        supergraph = shop.supergraph(f"{products_server.url}/graphql", f"{reviews_server.url}/graphql")
        surroundings = Surroundings(
            subgraphs={} if over_http else {"products": products, "reviews": reviews},
            mounts={} if over_http else {"/.well-known/keys": products.app()},
        )
        url = products_server.url if over_http else None
        route = PassthroughRoute(prefix="/.well-known/keys", subgraph="products", url=url)
        settings = replace(settings, passthrough=(route,))
        app = build_app(settings, TextSource(supergraph), surroundings)
        async with serving(app) as server:
            yield Platform(
                shop=shop,
                app=app,
                server=server,
                session=session,
                products=products,
                reviews=reviews,
                servers={"products": products_server, "reviews": reviews_server},
            )
            shop.may_answer.set()


@pytest.fixture(params=["in process", "http"])
async def platform(request: pytest.FixtureRequest) -> AsyncIterator[Platform]:
    """Development settings; the test runs once per transport."""
    async for each in started(SETTINGS, over_http=request.param == "http"):
        yield each


@pytest.fixture
async def over_http() -> AsyncIterator[Platform]:
    """Development settings over HTTP subgraphs, which the test may stop."""
    async for each in started(SETTINGS, over_http=True):
        yield each


@pytest.fixture
async def in_production() -> AsyncIterator[Platform]:
    """What is on when nobody says anything."""
    async for each in started(RouterSettings(), over_http=False):
        yield each

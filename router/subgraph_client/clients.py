"""The clients of one supergraph, made anew only where an address changed."""

from collections.abc import Callable, Mapping

from router.subgraph_client.protocol import SubgraphClient
from router.subgraph_client.retry import Breaker, BreakerState, Observe, ResilientClient

ClientFactory = Callable[[str, str], SubgraphClient]
"""(name, url) → a client without second try and breaker."""


class SubgraphClients:
    """Keeps a client, and its breaker, per subgraph and address for as long as the process lives."""

    def __init__(self, make: ClientFactory, observe: Observe | None = None) -> None:
        self._make = make
        self._observe = observe
        self._known: dict[tuple[str, str], ResilientClient] = {}
        self._breakers: dict[str, Breaker] = {}

    def of(self, addresses: Mapping[str, str]) -> dict[str, SubgraphClient]:
        """One client per subgraph name."""
        return {name: self._client(name, url) for name, url in addresses.items()}

    @property
    def states(self) -> dict[str, BreakerState]:
        """How each subgraph's breaker stands, for health and metrics."""
        return {name: breaker.state for name, breaker in self._breakers.items()}

    async def close(self) -> None:
        """Give back every connection."""
        for client in self._known.values():
            await client.close()

    def _client(self, name: str, url: str) -> ResilientClient:
        client = self._known.get((name, url))
        if client is None:
            breaker = self._breakers[name] = Breaker()
            made = self._make(name, url)
            client = self._known[name, url] = ResilientClient(name, made, breaker, self._observe)
        return client

"""The clients of one supergraph, made anew only where an address changed."""

from collections.abc import Callable, Mapping

from router.subgraph_client.protocol import SubgraphClient
from router.subgraph_client.retry import Breaker, BreakerState, Observe, ResilientClient
from router.subgraph_client.sharing import Seen, SharingClient

Knowing = Callable[[str], Seen | None]
"""Name of a subgraph → what it gets to see of who asks; None: its queries are not shared."""

ClientFactory = Callable[[str, str], SubgraphClient]
"""(name, url) → a client without second try and breaker."""


class SubgraphClients:
    """Keeps a client, and its breaker, per subgraph and address for as long as the process lives."""

    def __init__(
        self, make: ClientFactory, observe: Observe | None = None, knowing: Knowing | None = None
    ) -> None:
        self._make = make
        self._observe = observe
        self._knowing = knowing
        self._known: dict[tuple[str, str], SubgraphClient] = {}
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

    @property
    def shared(self) -> int:
        """How many questions to subgraphs were answered by somebody else's."""
        return sum(client.shared for client in self._known.values() if isinstance(client, SharingClient))

    def _client(self, name: str, url: str) -> SubgraphClient:
        client = self._known.get((name, url))
        if client is None:
            breaker = self._breakers[name] = Breaker()
            made = self._make(name, url)
            client = ResilientClient(name, made, breaker, self._observe)
            seen = None if self._knowing is None else self._knowing(name)
            if seen is not None:
                client = SharingClient(client, seen)
            self._known[name, url] = client
        return client

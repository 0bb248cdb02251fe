"""The clients of one supergraph, made anew only where an address changed."""

from collections import Counter
from collections.abc import Callable, Mapping

from router.settings import SubscriptionSettings
from router.subgraph_client.protocol import SubgraphClient
from router.subgraph_client.retry import Breaker, BreakerState, Observe, ResilientClient
from router.subgraph_client.sharing import Seen, SharingClient
from router.subgraph_client.sources import ListeningClient

Knowing = Callable[[str], Seen | None]
"""Name of a subgraph → what it gets to see of who asks; None: its queries are not shared."""

ClientFactory = Callable[[str, str], SubgraphClient]
"""(name, url) → a client without second try and breaker."""


class SubgraphClients:
    """Keeps a client, and its breaker, per subgraph and address for as long as the process lives."""

    def __init__(
        self,
        make: ClientFactory,
        observe: Observe | None = None,
        knowing: Knowing | None = None,
        *,
        subscriptions: SubscriptionSettings | None = None,
        listening: Knowing | None = None,
    ) -> None:
        self._make = make
        self._subscriptions = subscriptions or SubscriptionSettings()
        self._listening = listening
        self._listeners: dict[tuple[str, str], ListeningClient] = {}
        self._observe = observe
        self._knowing = knowing
        self._known: dict[tuple[str, str], SubgraphClient] = {}
        self._breakers: dict[str, Breaker] = {}

    def of(self, addresses: Mapping[str, str]) -> dict[str, SubgraphClient]:
        """One client per subgraph name."""
        return {name: self._client(name, url) for name, url in addresses.items()}

    def use(self, addresses: Mapping[str, str]) -> None:
        """Subscriptions that are lost at any other address are not tried again there."""
        for (name, url), listening in self._listeners.items():
            listening.is_current = addresses.get(name) == url

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

    @property
    def listening(self) -> Mapping[str, ListeningClient]:
        """By name, what the subgraphs at their present addresses are listened to with."""
        return {name: each for (name, _), each in self._listeners.items() if each.is_current}

    @property
    def lost(self) -> Mapping[str, int]:
        """By name, how many subscriptions were lost and opened again, at whatever address."""
        found: Counter[str] = Counter()
        for (name, _), each in self._listeners.items():
            found[name] += each.lost
        return found

    def _listened(self, name: str, client: SubgraphClient) -> ListeningClient:
        seen = None if self._listening is None else self._listening(name)
        return ListeningClient(name, client, self._subscriptions, seen)

    def _client(self, name: str, url: str) -> SubgraphClient:
        client = self._known.get((name, url))
        if client is None:
            breaker = self._breakers[name] = Breaker()
            made = self._make(name, url)
            client = self._listeners[name, url] = self._listened(
                name, ResilientClient(name, made, breaker, self._observe)
            )
            seen = None if self._knowing is None else self._knowing(name)
            if seen is not None:
                client = SharingClient(client, seen)
            self._known[name, url] = client
        return client

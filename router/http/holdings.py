"""What each client holds at a time: connections by address and by caller, operations by caller."""

from collections.abc import Hashable
from ipaddress import AddressValueError, IPv6Address

from common.access.principal import Principal
from router.errors import ClientError, TooManyConnections, TooManyOperations
from router.settings import ClientSettings


class Count:
    """How many of something each client holds; who holds none is not remembered."""

    def __init__(self, limit: int, refusal: ClientError) -> None:
        self._limit = limit
        self._refusal = refusal
        self._held: dict[Hashable, int] = {}

    def __len__(self) -> int:
        return len(self._held)

    def take(self, client: Hashable | None) -> None:
        """One more, to be given back; raises the refusal. None is nobody, who may have any number."""
        if client is None:
            return
        held = self._held.get(client, 0)
        if held >= self._limit:
            raise self._refusal.again()
        self._held[client] = held + 1

    def give_back(self, client: Hashable | None) -> None:
        """One less."""
        if client is None:
            return
        held = self._held[client] - 1
        if held:
            self._held[client] = held
        else:
            del self._held[client]


class Holdings:
    """The counts of one process. Connections are WebSockets and streams of events together."""

    def __init__(self, settings: ClientSettings, *, ipv6_prefix: int = 64) -> None:
        self._beyond_prefix = 128 - ipv6_prefix
        by_address = TooManyConnections(settings.max_connections_per_address, "from this address")
        by_caller = TooManyConnections(settings.max_connections_per_caller, "of this caller")
        operations = TooManyOperations(settings.max_operations_per_caller, "for this caller")
        from_here = TooManyOperations(settings.max_operations_per_address, "from this address")
        self.from_address = Count(settings.max_connections_per_address, by_address)
        self.of_caller = Count(settings.max_connections_per_caller, by_caller)
        self._operations = Count(settings.max_operations_per_caller, operations)
        self._operations_from = Count(settings.max_operations_per_address, from_here)

    def begin_operation(self, origin: Hashable | None, caller: Hashable | None) -> None:
        """One operation more on a socket; raises TooManyOperations."""
        self._operations.take(caller)
        try:
            self._operations_from.take(origin)
        except TooManyOperations:
            self._operations.give_back(caller)
            raise

    def end_operation(self, origin: Hashable | None, caller: Hashable | None) -> None:
        """One less."""
        self._operations.give_back(caller)
        self._operations_from.give_back(origin)

    def origin(self, address: str | None) -> Hashable | None:
        """Whose connections are counted together: an IPv4 address, a network of IPv6."""
        if address is None or ":" not in address:
            return address
        try:
            return int(IPv6Address(address)) >> self._beyond_prefix
        except AddressValueError:
            return address


def holder(principal: Principal) -> Hashable | None:
    """Whose counts are together: a person's in all sessions, an API key's. None for those nobody knows."""
    return None if principal.is_anonymous else principal.key_id or principal.id

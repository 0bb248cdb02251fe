"""What was revoked lately: sessions whose tokens are not expired yet, and keys that are remembered."""

from collections.abc import Callable
from time import monotonic
from uuid import UUID

from common.access.principal import Principal
from router.access.credentials import RememberedCredentials

LONGEST_TOKEN_LIFE = 900.0


class Revocations:
    """Fed by whoever hears of revocations; asked for every request."""

    def __init__(
        self,
        credentials: RememberedCredentials | None = None,
        *,
        lifetime: float = LONGEST_TOKEN_LIFE,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._credentials = credentials
        self._lifetime = lifetime
        self._clock = clock
        self._sessions: dict[UUID, float] = {}
        self._watchers: dict[UUID, set[Callable[[], None]]] = {}

    def revoke_session(self, session_id: UUID) -> None:
        """No token of this session is good any more."""
        self._forget_old()
        self._sessions[session_id] = self._clock()
        self._tell(session_id)

    def revoke_key(self, key_id: UUID) -> None:
        """This API key is good no more."""
        if self._credentials is not None:
            self._credentials.drop_key(key_id)
        self._tell(key_id)

    def watch(self, principal: Principal, told: Callable[[], None]) -> Callable[[], None]:
        """Call `told` when the principal's session or key is revoked; what is given back ends that."""
        id = principal.session_id or principal.key_id
        if id is None:
            return lambda: None
        self._watchers.setdefault(id, set()).add(told)

        def forget() -> None:
            watchers = self._watchers.get(id, set())
            watchers.discard(told)
            if not watchers:
                self._watchers.pop(id, None)

        return forget

    def distrust_all_keys(self) -> None:
        """Messages may have been lost: ask anew for every API key."""
        if self._credentials is not None:
            self._credentials.clear()

    def is_revoked(self, principal: Principal) -> bool:
        """The principal's session ended before its token did."""
        return principal.session_id in self._sessions

    def _tell(self, id: UUID) -> None:
        for told in tuple(self._watchers.get(id, ())):
            told()

    def _forget_old(self) -> None:
        horizon = self._clock() - self._lifetime
        while self._sessions:
            oldest = next(iter(self._sessions))
            if self._sessions[oldest] > horizon:
                return
            del self._sessions[oldest]

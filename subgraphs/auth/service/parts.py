"""What the verbs of auth work with; joined in `app.py`, handed down."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from common.clock import Clock
from common.db.session import Database, UnitOfWork
from common.mail import Mailer
from subgraphs.auth.keys.keyring import Keyring
from subgraphs.auth.keys.passwords import Passwords
from subgraphs.auth.providers.protocol import ApplicationDirectory, PeopleDirectory
from subgraphs.auth.repository.revocations import RevocationRepository, Revocations
from subgraphs.auth.service.key_verification import KeyVerifier
from subgraphs.auth.service.signing_keys import SigningKeys
from subgraphs.auth.settings import AuthSettings

NewToken = Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthParts:
    """Auth's own things, one set per process."""

    settings: AuthSettings
    database: Database
    clock: Clock
    keyring: Keyring
    passwords: Passwords
    signing: SigningKeys
    verifier: KeyVerifier
    people: PeopleDirectory
    applications: ApplicationDirectory
    mailer: Mailer

    def work(self, principal: Principal = ANONYMOUS) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit of work of this domain as the principal."""
        return self.database.unit_of_work(domain="auth", principal=principal)

    def work_as(self, user_id: UUID) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit of work as a person whom a secret has just proved: their own rows, nothing else."""
        return self.work(Principal(kind=PrincipalKind.USER, id=user_id))

    async def revoked_since(self, position: str | None) -> Revocations:
        """Sessions and keys that died since a position, for whoever remembers answers about them."""
        async with self.work() as work:
            return await RevocationRepository(work.session).since(position)

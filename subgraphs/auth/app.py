"""The only place where auth's parts are joined."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from common.errors import DomainError
from common.graphql.subgraph import Subgraph
from common.mail import Mailer
from common.resources import Resources
from common.telemetry.logs import get_log
from subgraphs.auth.graphql.schema import SCHEMA
from subgraphs.auth.http.internal import internal_questions
from subgraphs.auth.http.jwks import jwks_route
from subgraphs.auth.keys.keyring import keyring_of
from subgraphs.auth.keys.passwords import Argon2Parameters, Passwords
from subgraphs.auth.providers.protocol import ApplicationDirectory, PeopleDirectory
from subgraphs.auth.service.key_verification import KeyVerifier
from subgraphs.auth.service.parts import AuthParts
from subgraphs.auth.service.signing_keys import SigningKeys
from subgraphs.auth.settings import AuthSettings

_log = get_log(__name__)


def build_parts(
    resources: Resources,
    settings: AuthSettings,
    *,
    secret: str,
    people: PeopleDirectory,
    applications: ApplicationDirectory,
    mailer: Mailer,
) -> AuthParts:
    """Auth's parts for one process. `secret` is the platform's, used unless auth has one of its own."""
    own = settings.secret.get_secret_value() if settings.secret else secret
    previous = [old.get_secret_value().encode() for old in settings.previous_secrets]
    keyring = keyring_of(own.encode(), previous)
    database, clock = resources.database, resources.clock
    return AuthParts(
        settings=settings,
        database=database,
        clock=clock,
        keyring=keyring,
        passwords=Passwords(
            Argon2Parameters(
                memory_kib=settings.argon2_memory_kib,
                passes=settings.argon2_passes,
                lanes=settings.argon2_lanes,
            ),
            at_once=settings.argon2_at_once,
        ),
        signing=SigningKeys(
            database,
            keyring,
            clock,
            period=settings.signing_key_period,
            token_life=settings.access_token_lifetime,
        ),
        verifier=KeyVerifier(database, keyring, clock),
        people=people,
        applications=applications,
        mailer=mailer,
    )


def build_subgraph(resources: Resources, parts: AuthParts) -> Subgraph[AuthParts]:
    """The subgraph, ready to run in process or behind HTTP."""
    return Subgraph(
        name="auth",
        schema=SCHEMA,
        resources=resources,
        parts=parts,
        routes=(jwks_route(parts),),
        internal=internal_questions(parts),
    )


@asynccontextmanager
async def running(parts: AuthParts) -> AsyncIterator[None]:
    """What goes on in a process that answers requests: the use of API keys is written now and then."""
    writing = asyncio.create_task(_write_usage_for_ever(parts))
    try:
        yield
    finally:
        writing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writing
        await _write_usage(parts)


async def _write_usage_for_ever(parts: AuthParts) -> None:
    while True:
        await asyncio.sleep(parts.settings.api_key_usage_interval.total_seconds())
        await _write_usage(parts)


async def _write_usage(parts: AuthParts) -> None:
    try:
        await parts.verifier.write_usage()
    except DomainError as error:  # the database is away: what was noted is kept for the next time
        _log.warning("auth.usage_not_written", reason=error.code)

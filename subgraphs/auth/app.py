"""The only place where auth's parts are joined."""

from common.graphql.subgraph import Resources, Subgraph
from common.mail import Mailer
from subgraphs.auth.graphql.schema import SCHEMA
from subgraphs.auth.keys.keyring import keyring_of
from subgraphs.auth.keys.passwords import Argon2Parameters, Passwords
from subgraphs.auth.providers.protocol import ApplicationDirectory, PeopleDirectory
from subgraphs.auth.service.key_verification import KeyVerifier
from subgraphs.auth.service.parts import AuthParts
from subgraphs.auth.service.signing_keys import SigningKeys
from subgraphs.auth.settings import AuthSettings


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
    return Subgraph(name="auth", schema=SCHEMA, resources=resources, parts=parts)

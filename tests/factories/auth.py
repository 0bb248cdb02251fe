"""Auth's parts with fakes around them, and rows that tests begin with."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import OKPKey

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from common.graphql.context import ClientRequest, Resources
from common.graphql.executor import Answer
from common.graphql.subgraph import Subgraph
from subgraphs.auth.app import build_parts, build_subgraph
from subgraphs.auth.service.api_keys import ApiKeyService, IssuedKey, KeyWish
from subgraphs.auth.service.grants import Grant, Origin
from subgraphs.auth.service.parts import AuthParts
from subgraphs.auth.service.passwords import set_password_for_system
from subgraphs.auth.service.sign_in import sign_in
from subgraphs.auth.settings import AuthSettings
from tests.fakes.application_directory import FakeApplicationDirectory
from tests.fakes.clock import FakeClock
from tests.fakes.mailer import FakeMailer
from tests.fakes.people_directory import FakePeopleDirectory, FakePerson

PASSWORD = "correct horse battery staple"
HOME = Origin(ip_address="198.51.100.7", user_agent="Test/1.0")


@dataclass(frozen=True, slots=True)
class World:
    """Auth with everything around it in the hands of the test."""

    parts: AuthParts
    people: FakePeopleDirectory
    applications: FakeApplicationDirectory
    mailer: FakeMailer
    clock: FakeClock
    subgraph: Subgraph[AuthParts]

    async def person(self, *places: tuple[UUID, list[str]], password: str | None = PASSWORD) -> FakePerson:
        """Somebody who can sign in, with places and permissions there."""
        person = self.people.add(*places)
        if password is not None:
            await set_password_for_system(self.parts, person.user_id, password)
        return person

    def member(self, organisation_id: UUID, *scopes: str) -> Principal:
        """Somebody who holds all this there, as their access token says."""
        person = self.people.add((organisation_id, scopes))
        return principal_of(person.user_id, organisation_id, *scopes)

    async def signed_in(self, person: FakePerson, origin: Origin = HOME) -> Grant:
        """A session of this person."""
        outcome = await sign_in(self.parts, email=person.email, password=PASSWORD, origin=origin)
        assert isinstance(outcome, Grant)
        return outcome

    async def claims_of(self, access_token: str) -> dict[str, Any]:
        """What an access token says, after checking it with the published keys."""
        published = await self.parts.signing.published()
        kid = json.loads(urlsafe_b64decode(access_token.split(".")[0] + "=="))["kid"]
        key = next(OKPKey.import_key(jwk) for jwk in published["keys"] if jwk["kid"] == kid)
        return dict(jwt.decode(access_token, key, algorithms=["Ed25519"]).claims)

    async def key(
        self,
        maker: Principal,
        application_id: UUID,
        *scopes: str,
        expires_at: datetime | None = None,
        name: str = "a key",
    ) -> IssuedKey:
        """A key of this application."""
        wish = KeyWish(application_id=application_id, name=name, scopes=scopes, expires_at=expires_at)
        async with self.parts.work(maker) as work:
            return await ApiKeyService(work, self.parts).create(wish)

    async def ask(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        principal: Principal = ANONYMOUS,
        cookie: str | None = None,
    ) -> Answer:
        """The subgraph's answer to an operation."""
        request = ClientRequest(
            id="test",
            client_address=HOME.ip_address,
            user_agent=HOME.user_agent,
            headers={"cookie": cookie} if cookie else {},
        )
        return await self.subgraph.executor.execute(document, variables, principal=principal, request=request)


def world_of(resources: Resources, **settings: Any) -> World:
    """Auth on a real database; hashing is cheap, the clock stands still."""
    people, applications, mailer = FakePeopleDirectory(), FakeApplicationDirectory(), FakeMailer()
    clock = FakeClock()
    own = replace(resources, clock=clock)
    parts = build_parts(
        own,
        AuthSettings(**{"argon2_memory_kib": 8, "api_key_label_given": "test", **settings}),
        secret="only for tests: thirty-two characters",
        people=people,
        applications=applications,
        mailer=mailer,
    )
    return World(parts, people, applications, mailer, clock, build_subgraph(own, parts))


def principal_of(
    user_id: UUID, organisation_id: UUID | None = None, *scopes: str, session_id: UUID | None = None
) -> Principal:
    """A person who acts in an organisation."""
    return Principal(
        kind=PrincipalKind.USER,
        id=user_id,
        organisation_id=organisation_id,
        scopes=frozenset(scopes),
        session_id=session_id,
    )

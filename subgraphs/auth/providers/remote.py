"""The directories of other processes, asked over signed HTTP.

Every question is a POST whose body is signed for the domain that is asked, as the platform itself. An answer
that does not come, or makes no sense, is DirectoryUnavailable: nobody is let in on a guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp
import orjson

from common.access.principal import Principal, PrincipalKind
from common.access.signing import HEADER, IdentitySigner
from common.clock import Clock
from common.ids import uuid7
from common.telemetry.logs import current_request_id, get_log
from subgraphs.auth.errors import DirectoryUnavailable

_SYSTEM = Principal(kind=PrincipalKind.SYSTEM)
_TIMEOUT = aiohttp.ClientTimeout(total=5, connect=2)

_log = get_log(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePerson:
    """A person, as users' answer describes them."""

    user_id: UUID
    email: str
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteMembership:
    """A membership, as users' answer describes it."""

    organisation_id: UUID
    scopes: frozenset[str]


class SignedQuestions:
    """Asks one domain; `http` is the process' pool of connections."""

    def __init__(
        self, http: aiohttp.ClientSession, url: str, *, audience: str, signer: IdentitySigner, clock: Clock
    ) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._audience = audience
        self._signer = signer
        self._clock = clock

    async def ask(self, path: str, question: dict[str, str]) -> dict[str, Any]:
        """The answer, a JSON object; raises DirectoryUnavailable."""
        body = orjson.dumps(question)
        headers = {"content-type": "application/json", HEADER: self._signed(body)}
        try:
            async with self._http.post(
                f"{self._url}{path}", data=body, headers=headers, timeout=_TIMEOUT, allow_redirects=False
            ) as response:
                if response.status != 200:
                    raise ValueError(f"status {response.status}")
                answer = orjson.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise self._unavailable(path, error) from error
        if not isinstance(answer, dict):
            raise self._unavailable(path, "the answer is no object")
        return answer

    def _signed(self, body: bytes) -> str:
        return self._signer.sign(
            _SYSTEM,
            audience=self._audience,
            body=body,
            request_id=current_request_id() or str(uuid7()),
            now=self._clock.now(),
        )

    def _unavailable(self, path: str, reason: object) -> DirectoryUnavailable:
        _log.warning("directory.unavailable", domain=self._audience, path=path, reason=str(reason))
        return DirectoryUnavailable()


class RemotePeopleDirectory:
    """users' knowledge."""

    def __init__(self, questions: SignedQuestions) -> None:
        self._questions = questions

    async def person_by_email(self, email: str) -> RemotePerson | None:
        """The person with this address, in whatever case it is written."""
        return await self._person({"email": email})

    async def person(self, user_id: UUID) -> RemotePerson | None:
        """The person with this id."""
        return await self._person({"userId": str(user_id)})

    async def memberships_of(self, user_id: UUID) -> Sequence[RemoteMembership]:
        """The organisations this person is an active member of, the oldest first."""
        answer = await self._questions.ask("/internal/memberships", {"userId": str(user_id)})
        try:
            return tuple(_membership(entry) for entry in answer["memberships"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DirectoryUnavailable from error

    async def _person(self, question: dict[str, str]) -> RemotePerson | None:
        answer = await self._questions.ask("/internal/people", question)
        try:
            person = answer["person"]
            return None if person is None else _person(person)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DirectoryUnavailable from error


class RemoteApplicationDirectory:
    """applications' knowledge."""

    def __init__(self, questions: SignedQuestions) -> None:
        self._questions = questions

    async def organisation_of(self, application_id: UUID) -> UUID | None:
        """The organisation that owns the application; None when there is none (any more)."""
        answer = await self._questions.ask("/internal/owners", {"applicationId": str(application_id)})
        try:
            owner = answer["organizationId"]
            return None if owner is None else UUID(owner)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DirectoryUnavailable from error


def _person(entry: dict[str, Any]) -> RemotePerson:
    if not isinstance(entry["isActive"], bool):
        raise ValueError("isActive is no boolean")
    return RemotePerson(user_id=UUID(entry["userId"]), email=str(entry["email"]), is_active=entry["isActive"])


def _membership(entry: dict[str, Any]) -> RemoteMembership:
    return RemoteMembership(
        organisation_id=UUID(entry["organizationId"]),
        scopes=frozenset(str(scope) for scope in entry["scopes"]),
    )

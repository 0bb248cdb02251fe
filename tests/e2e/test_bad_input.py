"""What clients get wrong, sent to the running platform: one status and one stable code for each."""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from joserfc.jwk import OKPKey

from atrium.demo_people import ORGANISATIONS, PASSWORD
from common.ids import to_global_id, uuid7
from subgraphs.auth.keys.keyring import keyring_of
from subgraphs.auth.keys.signing import SigningPair, opened, signed_token
from tests.e2e.mailbox import token_mailed_to
from tests.e2e.running import Answer, Platform

pytestmark = pytest.mark.platform

OWNER, _, VIEWER = (person.email for person in ORGANISATIONS[0].people)
STRANGER = ORGANISATIONS[1].people[0].email
JSON = "application/json"
READ = "query ($id: ID!) { application(id: $id) { id name } }"
UPDATE = """mutation ($input: ApplicationUpdateInput!) {
  applicationUpdate(input: $input) { application { id } errors { code } }
}"""
INVITE = """mutation ($input: MembershipInviteInput!) {
  membershipInvite(input: $input) { invitation { id } errors { code } }
}"""
ACCEPT = """mutation ($input: InvitationAcceptInput!) {
  invitationAccept(input: $input) { userId errors { code } }
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The platform, somebody who may do everything in the first organisation, and what others have."""

    platform: Platform
    token: str
    own_id: str
    foreign_token: str
    foreign_id: str
    viewer_role: str

    def post(self, body: str, *, content_type: str = JSON, token: str | None = None) -> Answer:
        """Any body; the media type of the answer is the one in which a refusal has a status of its own."""
        headers = {"content-type": content_type, "accept": "application/graphql-response+json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        with self.platform.connection() as connection:
            return connection.send("POST", "/graphql", body, headers)

    def ask(self, query: str, *, token: str | None = None, **variables: Any) -> Answer:
        """One operation, as the owner if nobody else is named."""
        body = json.dumps({"query": query, "variables": variables})
        return self.post(body, token=self.token if token is None else token)


Send = Callable[[World], Answer]


@pytest.fixture(scope="module")
def world(platform: Platform) -> World:
    owner, stranger = platform.sign_in(OWNER, PASSWORD), platform.sign_in(STRANGER, PASSWORD)
    listed = "{ applications(first: 1) { nodes { id } } }"
    own, foreign = (
        platform.graphql(listed, token=token).data["applications"]["nodes"][0]["id"]
        for token in (owner, stranger)
    )
    roles = platform.graphql("{ roles { nodes { id key } } }", token=owner).data["roles"]["nodes"]
    return World(
        platform=platform,
        token=owner,
        own_id=own,
        foreign_token=stranger,
        foreign_id=foreign,
        viewer_role=next(role["id"] for role in roles if role["key"] == "viewer"),
    )


def claims_of(token: str) -> dict[str, Any]:
    """What an access token says."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def platform_key(platform: Platform) -> OKPKey:
    """The private key that the platform signs access tokens with, opened with its own secret."""
    folder = Path(platform.data)
    stores = json.loads((folder / "stores.json").read_text())

    async def active() -> Mapping[str, Any]:
        connection = await asyncpg.connect(stores["database"])
        try:
            found = await connection.fetchrow(
                "select kid, public_jwk, private_sealed from auth.signing_keys where status = 'active'"
            )
        finally:
            await connection.close()
        assert found is not None
        return dict(found)

    key = asyncio.run(active())
    secret = (folder / "secrets" / "secret").read_text().strip().encode()
    pair = SigningPair(
        kid=key["kid"], public_jwk=json.loads(key["public_jwk"]), private_sealed=key["private_sealed"]
    )
    return opened(pair, keyring_of(secret))


def with_times(world: World, *, seconds: int, key: OKPKey) -> str:
    """The owner's access token once more, ending so many seconds from now."""
    now = int(time.time())
    claims = claims_of(world.token) | {"iat": now - 300, "exp": now + seconds}
    return signed_token(claims, key)


def expired(world: World) -> Answer:
    key = platform_key(world.platform)
    # The same token with time left is good: nothing but its end is wrong with the one sent.
    good = world.ask("{ viewer { id } }", token=with_times(world, seconds=60, key=key))
    assert good.data["viewer"]["id"]
    return world.ask("{ viewer { id } }", token=with_times(world, seconds=-90, key=key))


def forged(world: World) -> Answer:
    kid = json.loads(base64.urlsafe_b64decode(world.token.split(".")[0] + "=="))["kid"]
    key = OKPKey.generate_key("Ed25519", {"kid": kid})
    return world.ask("{ viewer { id } }", token=with_times(world, seconds=60, key=key))


def altered(world: World) -> Answer:
    head, _, signature = world.token.split(".")
    claims = claims_of(world.token) | {"scope": "everything:write"}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return world.ask("{ viewer { id } }", token=f"{head}.{payload}.{signature}")


DEEP = "{ viewer " + "{ memberships { user " * 10 + "{ id }" + " } }" * 10 + " }"
MALFORMED_ID = "no id at all"


def unknown_id() -> str:
    """An id as the platform makes them, of nothing."""
    return to_global_id("Application", uuid7())


# What is wrong → how it is sent, the status and the code of the top-level error.
REFUSED: Mapping[str, tuple[Send, int, str]] = {
    "malformed JSON": (lambda world: world.post('{"query": '), 400, "BAD_REQUEST"),
    "JSON that is no request": (lambda world: world.post("[1]"), 400, "BAD_REQUEST"),
    "wrong content type": (
        lambda world: world.post("{ __typename }", content_type="text/plain"),
        415,
        "UNSUPPORTED_MEDIA_TYPE",
    ),
    "no GraphQL": (lambda world: world.ask("{ viewer {"), 400, "GRAPHQL_PARSE_FAILED"),
    "unknown field": (lambda world: world.ask("{ viewer { shoeSize } }"), 400, "GRAPHQL_VALIDATION_FAILED"),
    "wrong variable type": (lambda world: world.ask(READ, id={"a": 1}), 400, "BAD_USER_INPUT"),
    "missing variable": (lambda world: world.ask(READ), 400, "BAD_USER_INPUT"),
    "over-deep query": (lambda world: world.ask(DEEP), 400, "MAX_DEPTH_EXCEEDED"),
    "over-long query": (
        lambda world: world.ask("{ viewer { id " + "id " * 6000 + "} }"),
        400,
        "MAX_TOKENS_EXCEEDED",
    ),
    "over-long body": (
        lambda world: world.ask("{ __typename }", padding="x" * 1_100_000),
        413,
        "PAYLOAD_TOO_LARGE",
    ),
    "expired token": (expired, 401, "TOKEN_EXPIRED"),
    "forged token": (forged, 401, "UNAUTHENTICATED"),
    "altered token": (altered, 401, "UNAUTHENTICATED"),
    "nonsense for a token": (
        lambda world: world.ask("{ viewer { id } }", token="nonsense"),
        401,
        "UNAUTHENTICATED",
    ),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_a_request_that_cannot_be_answered_is_refused(world: World, wrong: str) -> None:
    send, status, code = REFUSED[wrong]

    answer = send(world)

    assert (answer.status, [error["extensions"]["code"] for error in answer.json["errors"]]) == (
        status,
        [code],
    )
    assert answer.json.get("data") is None


@pytest.mark.parametrize("which", ["another organisation's", "unknown", "malformed", "of another type"])
def test_what_one_may_not_see_is_not_there(world: World, which: str) -> None:
    """Nothing tells the four apart."""
    ids = {
        "another organisation's": world.foreign_id,
        "unknown": unknown_id(),
        "malformed": MALFORMED_ID,
        "of another type": world.viewer_role,
    }
    seen_by_its_own = world.ask(READ, token=world.foreign_token, id=world.foreign_id).data["application"]
    assert seen_by_its_own["id"] == world.foreign_id

    answer = world.ask(READ, id=ids[which])

    assert (answer.status, answer.json) == (200, {"data": {"application": None}})


def changed(id: str) -> Send:
    return lambda world: world.ask(UPDATE, input={"id": id, "name": "Taken over"})


def invited(email: str) -> Send:
    return lambda world: world.ask(INVITE, input={"email": email, "roleId": world.viewer_role})


def invited_twice(world: World) -> Answer:
    send = invited(f"twice.{uuid7().hex}@example.com")
    assert send(world).data["membershipInvite"]["errors"] == []
    return send(world)


def used_twice(world: World) -> Answer:
    platform, address = world.platform, f"used.{uuid7().hex}@example.com"
    assert invited(address)(world).data["membershipInvite"]["errors"] == []
    token = token_mailed_to(platform, address, "invitation")
    use = {"token": token, "name": "Ursula"}
    first = platform.graphql(ACCEPT, {"input": use}).data["invitationAccept"]
    assert first["userId"]
    one_time = token_mailed_to(platform, address, "password")
    set_password = "mutation ($input: PasswordSetInput!) { passwordSet(input: $input) { errors { code } } }"
    password = "nine wet herons in the reeds"
    assert platform.graphql(set_password, {"input": {"token": one_time, "password": password}}).data
    return world.ask(ACCEPT, token=platform.sign_in(address, password), input={"token": token})


# What is wrong → how it is sent and the code of the payload's error; the status is 200.
REFUSED_IN_PAYLOAD: Mapping[str, tuple[Send, str]] = {
    "another organisation's id": (lambda world: changed(world.foreign_id)(world), "NOT_FOUND"),
    "unknown id": (changed(unknown_id()), "NOT_FOUND"),
    "malformed id": (changed(MALFORMED_ID), "INVALID_ID"),
    "id of another type": (lambda world: changed(world.viewer_role)(world), "INVALID_ID"),
    "e-mail of a member": (invited(VIEWER), "ALREADY_A_MEMBER"),
    "e-mail of a member, in capitals": (invited(VIEWER.upper()), "ALREADY_A_MEMBER"),
    "e-mail invited twice": (invited_twice, "INVITATION_ALREADY_PENDING"),
    "no e-mail": (invited("not an address"), "EMAIL_INVALID"),
    "invitation used twice": (used_twice, "INVITATION_ALREADY_USED"),
    "unknown invitation": (
        lambda world: world.ask(ACCEPT, input={"token": "x" * 43, "name": "Eve"}),
        "INVITATION_UNKNOWN",
    ),
}


@pytest.mark.parametrize("wrong", REFUSED_IN_PAYLOAD)
def test_a_change_that_does_not_fit_says_why(world: World, wrong: str) -> None:
    send, code = REFUSED_IN_PAYLOAD[wrong]

    answer = send(world)

    (payload,) = answer.data.values()
    result, errors = payload.values()
    assert (answer.status, result, errors) == (200, None, [{"code": code}])


def test_nothing_of_another_organisation_was_changed(world: World) -> None:
    names = {application.name for application in ORGANISATIONS[1].applications}
    changed(world.foreign_id)(world)

    application = world.ask(READ, token=world.foreign_token, id=world.foreign_id).data["application"]

    assert application["name"] in names


def test_who_may_not_change_is_refused_before_anything_is_looked_up(world: World) -> None:
    viewer = world.platform.sign_in(VIEWER, PASSWORD)

    for id in (world.own_id, world.foreign_id, unknown_id()):
        answer = world.ask(UPDATE, token=viewer, input={"id": id, "name": "Taken over"})

        (error,) = answer.json["errors"]
        assert (answer.status, error["path"]) == (200, ["applicationUpdate"])
        assert error["extensions"] == {
            "code": "SCOPE_MISSING",
            "scope": "applications:write",
            "service": "applications",
        }

"""Sessions in the graph: signing in and out, cookies, lists, who sees what, how many statements."""

from datetime import timedelta

import pytest

from common.access.principal import Principal
from common.ids import from_global_id, split_global_id, to_global_id, uuid7
from tests.factories.auth import HOME, PASSWORD, World, principal_of
from tests.fakes.people_directory import FakePerson

pytestmark = pytest.mark.stores

SIGN_IN = """
mutation ($input: SignInInput!) {
  signIn(input: $input) {
    __typename
    ... on SignedIn {
      accessToken expiresAt refreshToken
      session { id state isCurrent ipAddress userAgent createdAt expiresAt lastSeenAt revokedAt }
      user { id } organization { id }
    }
    ... on SignInRejected { message reason retryAfterSeconds }
  }
}
"""
REFRESH = """
mutation ($input: TokenRefreshInput) {
  tokenRefresh(input: $input) {
    signedIn { accessToken refreshToken organization { id } }
    errors { __typename message code path }
  }
}
"""
SIGN_OUT = """
mutation ($input: SignOutInput) {
  signOut(input: $input) { session { id state } errors { code } }
}
"""
REVOKE = """
mutation ($input: SessionRevokeInput!) {
  sessionRevoke(input: $input) { session { id state revokedAt } errors { __typename code path } }
}
"""
REVOKE_ALL = """
mutation ($input: SessionRevokeAllInput) {
  sessionRevokeAll(input: $input) { sessions { id } errors { code } }
}
"""
SESSIONS = """
query ($representations: [_Any!]!, $first: Int, $after: String) {
  _entities(representations: $representations) {
    ... on User {
      sessions(first: $first, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
    }
    ... on Session { id }
  }
}
"""


async def sign_in(
    world: World, person: FakePerson, **more: object
) -> tuple[dict[str, object], tuple[str, ...]]:
    answer = await world.ask(SIGN_IN, {"input": {"email": person.email, "password": PASSWORD, **more}})
    assert answer.errors == ()
    assert answer.data is not None
    return answer.data["signIn"], answer.set_cookies


def user_refs(*people: FakePerson) -> list[dict[str, str]]:
    return [{"__typename": "User", "id": to_global_id("User", person.user_id)} for person in people]


def cookie_of(set_cookie: str) -> str:
    return set_cookie.partition(";")[0]


async def test_a_browser_gets_the_refresh_token_only_in_a_cookie_that_no_script_reads(world: World) -> None:
    here = uuid7()
    person = await world.person((here, ["users:read"]))

    signed_in, cookies = await sign_in(world, person)

    assert signed_in["__typename"] == "SignedIn"
    assert signed_in["refreshToken"] is None
    assert signed_in["user"] == {"id": to_global_id("User", person.user_id)}
    assert signed_in["organization"] == {"id": to_global_id("Organization", here)}
    assert signed_in["expiresAt"] == "2030-01-01T12:05:00Z"
    (cookie,) = cookies
    name, *attributes = cookie.split("; ")
    assert name.startswith("__Host-atrium-refresh=")
    assert attributes == ["Path=/", "Max-Age=1209600", "Secure", "HttpOnly", "SameSite=Strict"]


async def test_a_session_is_described(world: World) -> None:
    signed_in, _ = await sign_in(world, await world.person())

    session = signed_in["session"]
    assert isinstance(session, dict)
    assert split_global_id(session.pop("id"))[0] == "Session"
    assert session == {
        "state": "ACTIVE",
        "isCurrent": False,  # nobody was signed in when this was asked
        "ipAddress": HOME.ip_address,
        "userAgent": HOME.user_agent,
        "createdAt": "2030-01-01T12:00:00Z",
        "lastSeenAt": "2030-01-01T12:00:00Z",
        "expiresAt": "2030-01-15T12:00:00Z",
        "revokedAt": None,
    }


async def test_a_program_may_ask_for_the_refresh_token_and_then_gets_no_cookie(world: World) -> None:
    signed_in, cookies = await sign_in(world, await world.person(), delivery="BODY")

    assert isinstance(signed_in["refreshToken"], str)
    assert cookies == ()


async def test_the_refusal_is_a_result_and_not_an_error(world: World) -> None:
    answer = await world.ask(SIGN_IN, {"input": {"email": "nobody@example.com", "password": "x"}})

    assert answer.errors == ()
    assert answer.set_cookies == ()
    assert answer.data == {
        "signIn": {
            "__typename": "SignInRejected",
            "message": "E-mail address or password are not right.",
            "reason": "INVALID_CREDENTIALS",
            "retryAfterSeconds": None,
        }
    }


async def test_a_cookie_is_carried_on_by_a_cookie_and_never_shown(world: World) -> None:
    here, there = uuid7(), uuid7()
    person = await world.person((here, ["users:read"]), (there, ["users:read"]))
    _, (cookie,) = await sign_in(world, person)

    moved = await world.ask(
        REFRESH,
        {"input": {"organizationId": to_global_id("Organization", there)}},
        cookie=f"theme=dark; {cookie_of(cookie)}; x=y",
    )

    assert moved.errors == ()
    assert moved.data is not None
    signed_in = moved.data["tokenRefresh"]["signedIn"]
    assert signed_in["refreshToken"] is None
    assert signed_in["organization"] == {"id": to_global_id("Organization", there)}
    (next_cookie,) = moved.set_cookies
    assert cookie_of(next_cookie) != cookie_of(cookie)
    again = await world.ask(REFRESH, cookie=cookie_of(next_cookie))
    assert again.errors == ()


async def test_a_token_in_the_body_comes_back_in_the_body(world: World) -> None:
    signed_in, _ = await sign_in(world, await world.person(), delivery="BODY")

    answer = await world.ask(REFRESH, {"input": {"refreshToken": signed_in["refreshToken"]}})

    assert answer.data is not None
    assert isinstance(answer.data["tokenRefresh"]["signedIn"]["refreshToken"], str)
    assert answer.set_cookies == ()


@pytest.mark.parametrize("cookie", [None, "__Host-atrium-refresh=", "__Host-atrium-refresh=forged", ";;=;"])
async def test_a_refused_cookie_is_taken_away(world: World, cookie: str | None) -> None:
    answer = await world.ask(REFRESH, cookie=cookie)

    assert answer.data is None
    assert [error["extensions"]["code"] for error in answer.errors] == ["REFRESH_TOKEN_REJECTED"]
    (taken,) = answer.set_cookies
    assert taken == "__Host-atrium-refresh=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"


async def test_a_foreign_organisation_is_a_mistake_in_the_input(world: World) -> None:
    signed_in, _ = await sign_in(world, await world.person(), delivery="BODY")
    wanted = {"refreshToken": signed_in["refreshToken"]}

    foreign = await world.ask(
        REFRESH, {"input": {**wanted, "organizationId": to_global_id("Organization", uuid7())}}
    )
    wrong_type = await world.ask(
        REFRESH, {"input": {**wanted, "organizationId": to_global_id("User", uuid7())}}
    )

    assert foreign.data is not None
    assert foreign.data["tokenRefresh"]["errors"] == [
        {
            "__typename": "NotFoundError",
            "code": "ORGANIZATION_NOT_JOINED",
            "message": "You are not a member of this organization.",
            "path": ["input", "organizationId"],
        }
    ]
    assert wrong_type.data is not None
    assert [error["code"] for error in wrong_type.data["tokenRefresh"]["errors"]] == ["INVALID_ID"]


async def current(world: World, person: FakePerson, *scopes: str) -> tuple[Principal, str]:
    signed_in, (cookie,) = await sign_in(world, person)
    session = signed_in["session"]
    assert isinstance(session, dict)
    places = world.people.memberships[person.user_id]
    here = places[0].organisation_id if places else None
    session_id = from_global_id(session["id"], "Session")
    return principal_of(person.user_id, here, *scopes, session_id=session_id), cookie_of(cookie)


async def test_signing_out_ends_the_session_and_takes_the_cookie(world: World) -> None:
    person = await world.person()
    principal, cookie = await current(world, person)

    answer = await world.ask(SIGN_OUT, principal=principal)

    assert answer.data is not None
    assert answer.data["signOut"]["session"]["state"] == "REVOKED"
    assert "Max-Age=0" in answer.set_cookies[0]
    refused = await world.ask(REFRESH, cookie=cookie)
    assert refused.errors[0]["extensions"]["code"] == "REFRESH_TOKEN_REJECTED"
    assert principal.session_id in (await world.parts.revoked_since(None)).session_ids


async def test_the_cookie_alone_is_enough_to_sign_out(world: World) -> None:
    principal, cookie = await current(world, await world.person())

    answer = await world.ask(SIGN_OUT, cookie=cookie)

    assert answer.data is not None
    assert from_global_id(answer.data["signOut"]["session"]["id"], "Session") == principal.session_id


async def test_signing_out_when_nobody_is_signed_in_does_no_harm(world: World) -> None:
    answer = await world.ask(SIGN_OUT)

    assert answer.errors == ()
    assert answer.data == {"signOut": {"session": None, "errors": []}}


async def test_the_current_session_is_found_by_the_access_token(world: World) -> None:
    principal, _ = await current(world, await world.person())

    answer = await world.ask("{ currentSession { id isCurrent user { id } } }", principal=principal)
    nobody = await world.ask("{ currentSession { id } }")

    assert answer.data is not None
    assert principal.session_id is not None
    assert principal.id is not None
    assert answer.data["currentSession"] == {
        "id": to_global_id("Session", principal.session_id),
        "isCurrent": True,
        "user": {"id": to_global_id("User", principal.id)},
    }
    assert nobody.data == {"currentSession": None}


async def test_hundred_people_with_their_sessions_are_one_statement(world: World) -> None:
    here = uuid7()
    people = [await world.person((here, [])) for _ in range(100)]
    for person in people[:3]:
        await sign_in(world, person)
        await sign_in(world, person)
    admin = principal_of(uuid7(), here, "sessions:read")

    with world.parts.database.counting() as counted:
        answer = await world.ask(
            SESSIONS, {"representations": user_refs(*people), "first": 10}, principal=admin
        )

    assert answer.errors == ()
    assert answer.data is not None
    found = [len(entity["sessions"]["nodes"]) for entity in answer.data["_entities"]]
    assert found == [2, 2, 2] + [0] * 97
    assert len(counted.statements) == 1


async def test_hundred_sessions_by_reference_are_one_statement(world: World) -> None:
    here = uuid7()
    person = await world.person((here, []))
    ids = [(await world.signed_in(person)).session.id for _ in range(20)]
    strangers = [uuid7() for _ in range(80)]
    refs = [{"__typename": "Session", "id": to_global_id("Session", id)} for id in (*ids, *strangers)]

    with world.parts.database.counting() as counted:
        answer = await world.ask(SESSIONS, {"representations": refs}, principal=principal_of(person.user_id))

    assert answer.data is not None
    assert [entity is not None for entity in answer.data["_entities"]] == [True] * 20 + [False] * 80
    assert len(counted.statements) == 1


async def test_pages_of_sessions_follow_one_another(world: World) -> None:
    person = await world.person()
    ids = []
    for _ in range(5):
        ids.append(to_global_id("Session", (await world.signed_in(person)).session.id))
        world.clock.advance(timedelta(seconds=1))
    principal, seen, after = principal_of(person.user_id), [], None

    while True:
        answer = await world.ask(
            SESSIONS,
            {"representations": user_refs(person), "first": 2, "after": after},
            principal=principal,
        )
        assert answer.data is not None
        page = answer.data["_entities"][0]["sessions"]
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert seen == list(reversed(ids))


async def test_ended_sessions_are_not_listed_but_known_by_id(world: World) -> None:
    person = await world.person()
    principal, _ = await current(world, person)
    await world.ask(SIGN_OUT, principal=principal)
    assert principal.session_id is not None
    ref = {"__typename": "Session", "id": to_global_id("Session", principal.session_id)}

    answer = await world.ask(SESSIONS, {"representations": [*user_refs(person), ref]}, principal=principal)

    assert answer.data is not None
    assert answer.data["_entities"] == [
        {"sessions": {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}},
        {"id": ref["id"]},
    ]


async def test_sessions_of_others_need_the_permission_and_the_same_organisation(world: World) -> None:
    here, elsewhere = uuid7(), uuid7()
    person = await world.person((here, []))
    grant = await world.signed_in(person)
    ref = {"__typename": "Session", "id": to_global_id("Session", grant.session.id)}
    refs = {"representations": [*user_refs(person), ref]}
    peer = principal_of(uuid7(), here)
    admin = principal_of(uuid7(), here, "sessions:read")
    stranger = principal_of(uuid7(), elsewhere, "sessions:read", "sessions:write")

    of_peer, of_admin = (
        await world.ask(SESSIONS, refs, principal=peer),
        await world.ask(SESSIONS, refs, principal=admin),
    )
    of_stranger, of_nobody = (
        await world.ask(SESSIONS, refs, principal=stranger),
        await world.ask(SESSIONS, refs),
    )

    assert of_peer.data is not None
    assert of_peer.data["_entities"] == [{"sessions": None}, None]
    assert [error["extensions"]["code"] for error in of_peer.errors] == ["FORBIDDEN"]
    assert of_admin.data is not None
    assert len(of_admin.data["_entities"][0]["sessions"]["nodes"]) == 1
    assert of_admin.data["_entities"][1] == {"id": ref["id"]}
    assert of_stranger.data is not None
    assert of_stranger.data["_entities"][0]["sessions"]["nodes"] == []
    assert of_stranger.data["_entities"][1] is None
    assert of_nobody.data is not None
    assert of_nobody.data["_entities"] == [{"sessions": None}, None]
    assert [error["extensions"]["code"] for error in of_nobody.errors] == ["UNAUTHENTICATED"]


async def test_one_session_is_revoked_by_its_owner_or_an_administrator(world: World) -> None:
    here = uuid7()
    person = await world.person((here, []))
    own, other = await world.signed_in(person), await world.signed_in(person)
    admin = principal_of(uuid7(), here, "sessions:write")

    by_owner = await world.ask(
        REVOKE,
        {"input": {"id": to_global_id("Session", own.session.id)}},
        principal=principal_of(person.user_id),
    )
    by_admin = await world.ask(
        REVOKE, {"input": {"id": to_global_id("Session", other.session.id)}}, principal=admin
    )

    for answer in (by_owner, by_admin):
        assert answer.data is not None
        assert answer.data["sessionRevoke"]["errors"] == []
        assert answer.data["sessionRevoke"]["session"]["state"] == "REVOKED"
    dead = (await world.parts.revoked_since(None)).session_ids
    assert {own.session.id, other.session.id} <= dead


@pytest.mark.parametrize("scopes", [(), ("sessions:read",), ("sessions:write",)])
async def test_a_session_one_may_not_end_does_not_exist(world: World, scopes: tuple[str, ...]) -> None:
    grant = await world.signed_in(await world.person((uuid7(), [])))
    stranger = principal_of(uuid7(), uuid7(), *scopes)

    answer = await world.ask(
        REVOKE, {"input": {"id": to_global_id("Session", grant.session.id)}}, principal=stranger
    )

    assert answer.data is not None
    assert answer.data["sessionRevoke"] == {
        "session": None,
        "errors": [{"__typename": "NotFoundError", "code": "SESSION_NOT_FOUND", "path": ["input", "id"]}],
    }
    assert grant.session.id not in (await world.parts.revoked_since(None)).session_ids


async def test_all_sessions_but_the_current_one_end(world: World) -> None:
    person = await world.person()
    others = {to_global_id("Session", (await world.signed_in(person)).session.id) for _ in range(3)}
    principal, cookie = await current(world, person)
    bystander = await world.signed_in(await world.person())

    answer = await world.ask(REVOKE_ALL, principal=principal)

    assert answer.data is not None
    assert {session["id"] for session in answer.data["sessionRevokeAll"]["sessions"]} == others
    assert (await world.ask(REFRESH, cookie=cookie)).errors == ()
    assert bystander.session.id not in (await world.parts.revoked_since(None)).session_ids


async def test_all_sessions_may_end_with_the_current_one(world: World) -> None:
    person = await world.person()
    principal, cookie = await current(world, person)

    await world.ask(REVOKE_ALL, {"input": {"exceptCurrent": False}}, principal=principal)

    assert (await world.ask(REFRESH, cookie=cookie)).errors != ()


async def test_only_a_person_has_sessions_to_end(world: World) -> None:
    answer = await world.ask(REVOKE_ALL)

    assert [error["extensions"]["code"] for error in answer.errors] == ["UNAUTHENTICATED"]

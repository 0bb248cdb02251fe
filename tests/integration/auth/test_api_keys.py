"""API keys: made, checked, rotated, revoked; what they may not do."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from common.access.principal import Principal, PrincipalKind
from common.graphql.context import Resources
from common.ids import from_global_id, to_global_id, uuid7
from subgraphs.auth.keys.api_keys import new_api_key, with_checksum
from subgraphs.auth.models import ApiKey
from tests.factories.auth import World, principal_of, world_of
from tests.fakes.people_directory import FakeMembership

pytestmark = pytest.mark.stores

CREATE = """
mutation ($input: ApiKeyCreateInput!) {
  apiKeyCreate(input: $input) {
    apiKey {
      id name prefix last4 scopes state createdAt expiresAt lastUsedAt revokedAt
      application { id } createdBy { id }
    }
    secret
    errors { __typename code message path }
  }
}
"""
ROTATE = """
mutation ($input: ApiKeyRotateInput!) {
  apiKeyRotate(input: $input) {
    apiKey { id name scopes expiresAt state } secret errors { __typename code path }
  }
}
"""
REVOKE = """
mutation ($input: ApiKeyRevokeInput!) {
  apiKeyRevoke(input: $input) { apiKey { id state revokedAt } errors { __typename code path } }
}
"""
KEYS = """
query ($representations: [_Any!]!, $first: Int) {
  _entities(representations: $representations) {
    ... on Application { apiKeys(first: $first) { nodes { id state } } }
    ... on ApiKey { id state expiresAt lastUsedAt }
  }
}
"""


@pytest.fixture
def here() -> UUID:
    return uuid7()


@pytest.fixture
def admin(world: World, here: UUID) -> Principal:
    return world.member(here, "keys:read", "keys:write", "applications:read")


@pytest.fixture
def application(world: World, here: UUID) -> UUID:
    return world.applications.add(here)


def wish(application: UUID, **more: object) -> dict[str, object]:
    wanted = {
        "applicationId": to_global_id("Application", application),
        "name": " production ",
        "scopes": ["applications:read"],
    }
    return {"input": {**wanted, **more}}


async def error_codes(world: World, variables: dict[str, object], principal: Principal) -> list[str]:
    answer = await world.ask(CREATE, variables, principal=principal)
    if answer.data is None:
        return [error["extensions"]["code"] for error in answer.errors]
    payload = answer.data["apiKeyCreate"]
    assert payload["apiKey"] is None
    assert payload["secret"] is None
    return [error["code"] for error in payload["errors"]]


async def test_a_key_is_made_and_its_text_shown_once(
    world: World, admin: Principal, application: UUID
) -> None:
    answer = await world.ask(CREATE, wish(application, expiresAt="2030-02-01T00:00:00Z"), principal=admin)

    assert answer.errors == ()
    assert answer.data is not None
    payload = answer.data["apiKeyCreate"]
    key, secret = payload["apiKey"], payload["secret"]
    assert payload["errors"] == []
    assert secret.startswith(f"{key.pop('prefix')}_")
    assert secret.endswith(key.pop("last4"))
    assert admin.id is not None
    key.pop("id")
    assert key == {
        "name": "production",
        "scopes": ["applications:read"],
        "state": "ACTIVE",
        "createdAt": "2030-01-01T12:00:00Z",
        "expiresAt": "2030-02-01T00:00:00Z",
        "lastUsedAt": None,
        "revokedAt": None,
        "application": {"id": to_global_id("Application", application)},
        "createdBy": {"id": to_global_id("User", admin.id)},
    }


async def test_the_text_is_nowhere_in_the_database(world: World, admin: Principal, application: UUID) -> None:
    issued = await world.key(admin, application, "applications:read")

    async with world.parts.work(admin) as work:
        row = (await work.session.scalars(select(ApiKey))).one()
    kept = repr(vars(row)).encode() + row.hash
    secret = issued.text.rpartition("_")[2]
    assert secret.encode() not in kept


async def test_a_key_opens_what_it_was_made_for(
    world: World, admin: Principal, here: UUID, application: UUID
) -> None:
    issued = await world.key(admin, application, "applications:read", "keys:read")

    principal = await world.parts.verifier.verify_key(issued.text)

    assert principal == Principal(
        kind=PrincipalKind.APPLICATION,
        id=application,
        organisation_id=here,
        scopes=frozenset({"applications:read", "keys:read"}),
        key_id=issued.row.id,
    )


async def test_a_key_with_the_right_prefix_and_a_wrong_secret_opens_nothing(
    world: World, admin: Principal, application: UUID
) -> None:
    issued = await world.key(admin, application, "applications:read")
    other = new_api_key(label="test", keys=world.parts.keyring.current)
    secret = other.text.rpartition("_")[2][:-6]
    forged = with_checksum(f"{issued.row.prefix}_{secret}")

    with world.parts.database.counting() as counted:
        assert await world.parts.verifier.verify_key(forged) is None
    assert len(counted.statements) == 1  # it was looked up and compared, not refused for its shape


async def test_what_is_no_key_is_refused_without_asking_the_database(world: World) -> None:
    with world.parts.database.counting() as counted:
        for text in ("", "atr_", "atr_live0000000000_x", "Bearer", "\x00", "x" * 10_000):
            assert await world.parts.verifier.verify_key(text) is None

    assert counted.units_of_work == 0


async def test_an_unknown_key_opens_nothing(world: World) -> None:
    unknown = new_api_key(label="test", keys=world.parts.keyring.current)

    assert await world.parts.verifier.verify_key(unknown.text) is None


async def test_a_key_ends_with_its_time(world: World, admin: Principal, application: UUID) -> None:
    ends = world.clock.now() + timedelta(hours=1)
    issued = await world.key(admin, application, "applications:read", expires_at=ends)
    world.clock.advance(timedelta(minutes=59))
    assert await world.parts.verifier.verify_key(issued.text) is not None

    world.clock.advance(timedelta(minutes=1))

    assert await world.parts.verifier.verify_key(issued.text) is None


async def test_a_revoked_key_opens_nothing_and_everybody_hears_of_it(
    world: World, admin: Principal, application: UUID
) -> None:
    issued = await world.key(admin, application, "applications:read")
    before = (await world.parts.revoked_since(None)).position
    variables = {"input": {"id": to_global_id("ApiKey", issued.row.id)}}

    answer = await world.ask(REVOKE, variables, principal=admin)

    assert answer.data is not None
    assert answer.data["apiKeyRevoke"]["apiKey"]["state"] == "REVOKED"
    assert await world.parts.verifier.verify_key(issued.text) is None
    assert (await world.parts.revoked_since(before)).api_key_ids >= {issued.row.id}
    again = await world.ask(REVOKE, variables, principal=admin)
    assert again.data == answer.data


async def test_a_rotated_key_works_until_its_grace_ends(
    world: World, admin: Principal, application: UUID
) -> None:
    old = await world.key(admin, application, "applications:read", name="one")

    answer = await world.ask(
        ROTATE,
        {"input": {"id": to_global_id("ApiKey", old.row.id), "graceSeconds": 60}},
        principal=admin,
    )

    assert answer.data is not None
    payload = answer.data["apiKeyRotate"]
    assert payload["errors"] == []
    assert payload["apiKey"]["name"] == "one"
    verify = world.parts.verifier.verify_key
    new = await verify(payload["secret"])
    assert new is not None
    assert new.key_id == from_global_id(payload["apiKey"]["id"], "ApiKey")
    assert await verify(old.text) is not None
    states = await world.ask(KEYS, {"representations": [_ref("ApiKey", old.row.id)]}, principal=admin)
    assert states.data is not None
    assert states.data["_entities"][0]["state"] == "ROTATING"
    assert states.data["_entities"][0]["expiresAt"] == "2030-01-01T12:01:00Z"
    world.clock.advance(timedelta(seconds=60))
    assert await verify(old.text) is None
    assert await verify(payload["secret"]) is not None


async def test_without_grace_the_old_key_dies_at_once(
    world: World, admin: Principal, application: UUID
) -> None:
    old = await world.key(admin, application, "applications:read")

    await world.ask(
        ROTATE,
        {"input": {"id": to_global_id("ApiKey", old.row.id), "graceSeconds": 0}},
        principal=admin,
    )

    assert await world.parts.verifier.verify_key(old.text) is None


@pytest.mark.parametrize("grace", [-1, 604_801, 2_147_483_647])
async def test_a_grace_has_its_limits(world: World, admin: Principal, application: UUID, grace: int) -> None:
    old = await world.key(admin, application, "applications:read")

    answer = await world.ask(
        ROTATE,
        {"input": {"id": to_global_id("ApiKey", old.row.id), "graceSeconds": grace}},
        principal=admin,
    )

    assert answer.data is not None
    assert [error["code"] for error in answer.data["apiKeyRotate"]["errors"]] == ["EXPIRY_INVALID"]


async def test_a_key_is_rotated_once(world: World, admin: Principal, application: UUID) -> None:
    old = await world.key(admin, application, "applications:read")
    variables = {"input": {"id": to_global_id("ApiKey", old.row.id)}}
    await world.ask(ROTATE, variables, principal=admin)

    answer = await world.ask(ROTATE, variables, principal=admin)

    assert answer.data is not None
    assert [error["code"] for error in answer.data["apiKeyRotate"]["errors"]] == ["API_KEY_NOT_ACTIVE"]


async def test_nobody_gets_more_through_a_key_than_they_have(
    world: World, admin: Principal, here: UUID, application: UUID
) -> None:
    strong = await world.key(admin, application, "applications:read")
    weak_admin = world.member(here, "keys:write")

    made = await error_codes(world, wish(application, scopes=["users:write"]), admin)
    rotated = await world.ask(
        ROTATE, {"input": {"id": to_global_id("ApiKey", strong.row.id)}}, principal=weak_admin
    )

    assert made == ["SCOPES_NOT_HELD"]
    assert rotated.data is not None
    assert [error["code"] for error in rotated.data["apiKeyRotate"]["errors"]] == ["SCOPES_NOT_HELD"]


async def test_a_token_that_remembers_more_than_is_held_makes_no_stronger_key(
    world: World, here: UUID, application: UUID
) -> None:
    powers = ["keys:write", "applications:read", "applications:write"]
    person = await world.person((here, powers))
    token = principal_of(person.user_id, here, *powers)  # signed before the role changed
    old = await world.key(token, application, "applications:write")
    rotation = {"input": {"id": to_global_id("ApiKey", old.row.id)}}

    async def codes() -> list[str]:
        rotated = await world.ask(ROTATE, rotation, principal=token)
        refused = [error["extensions"]["code"] for error in rotated.errors]
        if rotated.data is not None:
            refused = [error["code"] for error in rotated.data["apiKeyRotate"]["errors"]]
        return [*await error_codes(world, wish(application, scopes=["applications:write"]), token), *refused]

    less = FakeMembership(organisation_id=here, scopes=frozenset({"keys:write", "applications:read"}))
    world.people.memberships[person.user_id] = (less,)
    assert await codes() == ["SCOPES_NOT_HELD", "SCOPES_NOT_HELD"]
    made = await world.ask(CREATE, wish(application), principal=token)
    assert made.data is not None
    assert made.data["apiKeyCreate"]["errors"] == []

    world.people.memberships[person.user_id] = ()
    assert await codes() == ["FORBIDDEN", "FORBIDDEN"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"name": "  "}, "API_KEY_NAME_INVALID"),
        ({"name": "x" * 101}, "API_KEY_NAME_INVALID"),
        ({"name": "a\x00b"}, "API_KEY_NAME_INVALID"),
        ({"scopes": []}, "SCOPES_INVALID"),
        ({"scopes": ["everything"]}, "SCOPES_INVALID"),
        ({"scopes": ["applications:*"]}, "SCOPES_INVALID"),
        ({"expiresAt": "2029-12-31T00:00:00Z"}, "EXPIRY_INVALID"),
        ({"expiresAt": "2030-01-01T12:00:00Z"}, "EXPIRY_INVALID"),
        ({"expiresAt": "2036-01-01T00:00:00Z"}, "EXPIRY_INVALID"),
        ({"applicationId": "nonsense"}, "INVALID_ID"),
        ({"applicationId": to_global_id("User", uuid7())}, "INVALID_ID"),
        ({"applicationId": to_global_id("Application", uuid7())}, "APPLICATION_NOT_FOUND"),
    ],
)
async def test_a_wish_that_cannot_be_met_says_why(
    world: World, admin: Principal, application: UUID, more: dict[str, object], code: str
) -> None:
    assert await error_codes(world, wish(application, **more), admin) == [code]


async def test_an_application_of_another_organisation_does_not_exist(world: World, admin: Principal) -> None:
    foreign = world.applications.add(uuid7())

    assert await error_codes(world, wish(foreign), admin) == ["APPLICATION_NOT_FOUND"]


async def test_without_the_permission_or_the_organisation_nothing_is_made(
    world: World, here: UUID, application: UUID
) -> None:
    person = world.member(here, "keys:read", "applications:read")
    nowhere = principal_of(uuid7(), None, "keys:write")

    assert await error_codes(world, wish(application), person) == ["FORBIDDEN"]
    assert await error_codes(world, wish(application), nowhere) == ["FORBIDDEN"]
    assert await error_codes(world, wish(application), Principal(kind=PrincipalKind.ANONYMOUS)) == [
        "UNAUTHENTICATED"
    ]


async def test_a_key_manages_keys_of_its_own_application_only(
    world: World, admin: Principal, here: UUID, application: UUID
) -> None:
    other = world.applications.add(here)
    issued = await world.key(admin, application, "keys:write", "applications:read")
    of_other = await world.key(admin, other, "applications:read")
    bearer = await world.parts.verifier.verify_key(issued.text)
    assert bearer is not None

    own = await world.ask(CREATE, wish(application), principal=bearer)
    revoked = await world.ask(
        REVOKE, {"input": {"id": to_global_id("ApiKey", of_other.row.id)}}, principal=bearer
    )

    assert own.data is not None
    assert own.data["apiKeyCreate"]["apiKey"]["createdBy"] is None
    assert await error_codes(world, wish(other), bearer) == ["FORBIDDEN"]
    assert revoked.data is not None
    assert [error["code"] for error in revoked.data["apiKeyRevoke"]["errors"]] == ["API_KEY_NOT_FOUND"]


async def test_a_key_of_another_organisation_does_not_exist(
    world: World, admin: Principal, application: UUID
) -> None:
    issued = await world.key(admin, application, "applications:read")
    stranger = world.member(uuid7(), "keys:read", "keys:write", "applications:read")
    variables = {"input": {"id": to_global_id("ApiKey", issued.row.id)}}

    revoked = await world.ask(REVOKE, variables, principal=stranger)
    rotated = await world.ask(ROTATE, variables, principal=stranger)
    read = await world.ask(
        KEYS,
        {"representations": [_ref("ApiKey", issued.row.id), _ref("Application", application)]},
        principal=stranger,
    )

    assert revoked.data is not None
    assert rotated.data is not None
    assert revoked.data["apiKeyRevoke"]["errors"][0]["code"] == "API_KEY_NOT_FOUND"
    assert rotated.data["apiKeyRotate"]["errors"][0]["code"] == "API_KEY_NOT_FOUND"
    assert read.data == {"_entities": [None, {"apiKeys": {"nodes": []}}]}
    assert await world.parts.verifier.verify_key(issued.text) is not None


async def test_reading_keys_needs_the_permission(
    world: World, admin: Principal, here: UUID, application: UUID
) -> None:
    issued = await world.key(admin, application, "applications:read")
    refs = {"representations": [_ref("ApiKey", issued.row.id), _ref("Application", application)]}

    answer = await world.ask(KEYS, refs, principal=principal_of(uuid7(), here, "applications:read"))

    assert answer.data == {"_entities": [None, {"apiKeys": None}]}
    assert [error["extensions"]["code"] for error in answer.errors] == ["SCOPE_MISSING"]


async def test_hundred_applications_with_their_keys_are_one_statement(
    world: World, admin: Principal, here: UUID
) -> None:
    applications = [world.applications.add(here) for _ in range(100)]
    for application in applications[:4]:
        await world.key(admin, application, "applications:read")
    refs = [_ref("Application", application) for application in applications]

    with world.parts.database.counting() as counted:
        answer = await world.ask(KEYS, {"representations": refs, "first": 5}, principal=admin)

    assert answer.data is not None
    found = [len(entity["apiKeys"]["nodes"]) for entity in answer.data["_entities"]]
    assert found == [1] * 4 + [0] * 96
    assert len(counted.statements) == 1


async def test_use_is_noted_together_in_one_statement(
    world: World, admin: Principal, application: UUID
) -> None:
    keys = [await world.key(admin, application, "applications:read") for _ in range(3)]
    for key in keys[:2]:
        await world.parts.verifier.verify_key(key.text)
    used_at = world.clock.now()

    with world.parts.database.counting() as counted:
        assert await world.parts.verifier.write_usage() == 2
        assert await world.parts.verifier.write_usage() == 0

    assert len(counted.statements) == 1
    async with world.parts.work(admin) as work:
        rows = {row.id: row.last_used_at for row in await work.session.scalars(select(ApiKey))}
    assert rows == {keys[0].row.id: used_at, keys[1].row.id: used_at, keys[2].row.id: None}


async def test_an_older_use_does_not_replace_a_newer_one(
    world: World, admin: Principal, application: UUID, resources: Resources
) -> None:
    key = await world.key(admin, application, "applications:read")
    slow = world_of(resources)
    await slow.parts.verifier.verify_key(key.text)
    world.clock.advance(timedelta(minutes=1))
    await world.parts.verifier.verify_key(key.text)
    await world.parts.verifier.write_usage()

    await slow.parts.verifier.write_usage()

    async with world.parts.work(admin) as work:
        assert (await work.session.scalars(select(ApiKey.last_used_at))).one() == world.clock.now()


def _ref(type_name: str, id: UUID) -> dict[str, str]:
    return {"__typename": type_name, "id": to_global_id(type_name, id)}

"""People, roles and invitations as a client of the graph meets them."""

from dataclasses import replace
from typing import Any

import pytest

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from common.db.session import Database
from common.graphql.executor import Answer
from common.ids import from_global_id, to_global_id, uuid7
from subgraphs.users.policies import PERMISSIONS
from subgraphs.users.service.parts import UsersParts
from tests.factories.users import (
    acting,
    add_member,
    add_membership,
    add_organization,
    add_person,
    system_role_id,
)
from tests.integration.users.conftest import Ask

pytestmark = pytest.mark.stores

ENTITIES = """query ($representations: [_Any!]!) { _entities(representations: $representations) {
  __typename
  ... on User { id name memberships { role { key permissions { name } } organization { name } } }
  ... on Organization { id slug members(first: 10) { nodes { user { name } role { key } } totalCount } }
  ... on Membership { id user { name } organization { slug } role { key } }
  ... on Role { id key permissions { name description } }
  ... on Invitation { id email status role { key } invitedBy { name } }
} }"""
USERS = """query ($filter: UserFilter, $orderBy: [UserOrder!], $first: Int, $after: String) {
  users(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    nodes { name } pageInfo { hasNextPage endCursor } totalCount } }"""
UPDATE = """mutation ($input: UserUpdateInput!) { userUpdate(input: $input) {
  user { name version } errors { code path } } }"""
INVITE = """mutation ($input: MembershipInviteInput!) { membershipInvite(input: $input) {
  invitation { id email status role { key } invitedBy { name } organization { slug } }
  errors { code path } } }"""
ACCEPT = """mutation ($input: InvitationAcceptInput!) { invitationAccept(input: $input) {
  userId organizationId isNewPerson errors { code } } }"""


def data(answer: Answer) -> dict[str, Any]:
    assert answer.errors == (), answer.errors
    assert answer.data is not None
    return answer.data


def codes(answer: Answer) -> list[str]:
    return [error["extensions"]["code"] for error in answer.errors]


def user_id(principal: Principal) -> str:
    assert principal.id is not None
    return to_global_id("User", principal.id)


def organization_id(principal: Principal) -> str:
    assert principal.organisation_id is not None
    return to_global_id("Organization", principal.organisation_id)


async def test_the_viewer_sees_themselves_and_where_they_belong(ask: Ask, database: Database) -> None:
    here = await add_organization(database, name="Acme")
    person = await add_member(database, here, "developer", name="Grace")
    document = """{ viewer { id name email status version createdAt
      memberships { role { key isSystem permissions { name } } organization { id name } } } }"""

    viewer = data(await ask(person, document))["viewer"]

    assert viewer["id"] == user_id(person)
    assert (viewer["name"], viewer["status"], viewer["version"]) == ("Grace", "ACTIVE", 1)
    (membership,) = viewer["memberships"]
    assert membership["organization"] == {"id": organization_id(person), "name": "Acme"}
    assert {"name": "keys:write"} in membership["role"]["permissions"]
    assert data(await ask(ANONYMOUS, "{ viewer { id } }")) == {"viewer": None}


async def test_strangers_and_the_scopeless_are_refused_with_codes(ask: Ask, database: Database) -> None:
    person = await add_member(database, await add_organization(database))
    scopeless = replace(person, scopes=frozenset())
    other = to_global_id("User", uuid7())

    for document, code in (
        ("{ users { nodes { id } } }", "SCOPE_MISSING"),
        ("{ roles { nodes { id } } }", "SCOPE_MISSING"),
        ("{ invitations { nodes { id } } }", "SCOPE_MISSING"),
        (f'{{ user(id: "{other}") {{ id }} }}', "FORBIDDEN"),
        (
            f'{{ organization(id: "{organization_id(person)}") {{ members {{ nodes {{ id }} }} }} }}',
            "FORBIDDEN",
        ),
    ):
        assert codes(await ask(ANONYMOUS, document)) == ["UNAUTHENTICATED"], document
        assert codes(await ask(scopeless, document)) == [code], document


async def test_a_user_is_found_by_id_only_in_the_own_organisation(ask: Ask, database: Database) -> None:
    here = await add_organization(database)
    person, colleague = await add_member(database, here), await add_member(database, here, name="Grace")
    stranger = await add_member(database, await add_organization(database))
    document = "query ($id: ID!) { user(id: $id) { name } }"

    assert data(await ask(person, document, id=user_id(colleague))) == {"user": {"name": "Grace"}}
    for id in (user_id(stranger), to_global_id("User", uuid7()), organization_id(person), "nonsense"):
        answer = await ask(person, document, id=id)
        assert answer.data == {"user": None}


async def test_pages_go_on_where_they_ended_and_filters_hold(ask: Ask, database: Database) -> None:
    here = await add_organization(database)
    asker = await add_member(database, here, "owner", name="Zoe")
    for name in ("Ada", "Bob", "Cleo", "a_b%c"):
        await add_member(database, here, name=name)
    await add_member(database, await add_organization(database), name="Stranger")

    names: list[str] = []
    after: str | None = None
    while True:
        page = data(await ask(asker, USERS, orderBy=["NAME_ASC"], first=2, after=after))["users"]
        names += [node["name"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        assert page["totalCount"] == 5
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert names == sorted(names)
    assert len(names) == 5

    async def found(**filter: Any) -> list[str]:
        page = data(await ask(asker, USERS, filter=filter, orderBy=["NAME_ASC"]))["users"]
        return [node["name"] for node in page["nodes"]]

    assert await found(name={"contains": "%"}) == ["a_b%c"]
    assert await found(name={"startsWith": "a_"}) == ["a_b%c"]
    assert await found(name={"eq": "ADA"}) == ["Ada"]
    assert await found(name={"oneOf": ["ada", "zoe"]}) == ["Ada", "Zoe"]
    assert await found(**{"or": [{"name": {"eq": "Bob"}}, {"name": {"eq": "Cleo"}}]}) == ["Bob", "Cleo"]
    assert await found(**{"or": []}) == []
    assert "Zoe" not in await found(**{"not": {"name": {"eq": "Zoe"}}})
    assert await found(status=["SUSPENDED"]) == []
    owner_role = to_global_id("Role", await system_role_id(database, "owner"))
    assert await found(roleId=owner_role) == ["Zoe"]


async def test_bad_pages_and_filters_are_clear_errors(ask: Ask, database: Database) -> None:
    asker = await add_member(database, await add_organization(database))
    deep: dict[str, Any] = {"name": {"eq": "x"}}
    for _ in range(3):
        deep = {"not": deep}

    assert codes(await ask(asker, USERS, first=101)) == ["INVALID_PAGE"]
    assert codes(await ask(asker, USERS, first=0)) == ["INVALID_PAGE"]
    assert codes(await ask(asker, USERS, after="nonsense")) == ["INVALID_CURSOR"]
    assert codes(await ask(asker, USERS, filter=deep)) == ["INVALID_INPUT"]
    assert codes(await ask(asker, USERS, filter={"name": {"eq": "x\x00"}})) == ["INVALID_INPUT"]
    assert codes(await ask(asker, USERS, filter={"roleId": "nonsense"})) == ["INVALID_ID"]
    assert codes(await ask(asker, USERS, orderBy=["NAME_ASC", "NAME_DESC"])) == ["INVALID_INPUT"]


async def test_a_hundred_users_are_one_statement(ask: Ask, database: Database) -> None:
    here = await add_organization(database)
    asker = await add_member(database, here)
    people = [await add_member(database, here, name=f"Person {n}") for n in range(100)]
    references = [{"__typename": "User", "id": user_id(person)} for person in people]
    document = """query ($representations: [_Any!]!) {
      _entities(representations: $representations) { ... on User { name email } } }"""

    with database.counting() as counted:
        found = data(await ask(asker, document, representations=references))["_entities"]

    assert [entity["name"] for entity in found] == [f"Person {n}" for n in range(100)]
    assert len(counted.statements) == 1, counted.statements


async def test_every_entity_and_what_hangs_below_is_a_statement_per_relation(
    ask: Ask, database: Database, parts: UsersParts
) -> None:
    here = await add_organization(database)
    asker = await add_member(database, here, "owner", name="Zoe")
    representations: list[dict[str, str]] = []
    for n in range(10):
        person_id = await add_person(database, name=f"P{n}")
        membership = await add_membership(database, here, person_id, "developer" if n % 2 else "viewer")
        representations += [
            {"__typename": "User", "id": to_global_id("User", person_id)},
            {"__typename": "Membership", "id": to_global_id("Membership", membership)},
        ]
        invited = data(await ask(asker, INVITE, input=await invitation_input(database)))
        representations.append(
            {"__typename": "Invitation", "id": invited["membershipInvite"]["invitation"]["id"]}
        )
    for key in ("owner", "viewer"):
        role = to_global_id("Role", await system_role_id(database, key))
        representations.append({"__typename": "Role", "id": role})
    representations.append({"__typename": "Organization", "id": organization_id(asker)})

    with database.counting() as counted:
        found = data(await ask(asker, ENTITIES, representations=representations))["_entities"]

    assert all(found)
    assert len(found) == 33
    # users (twice: as entities and below others), organisations, memberships by id and by user, roles,
    # permissions, invitations, members with their count
    assert len(counted.statements) <= 14, "\n".join(counted.statements)


async def invitation_input(database: Database, role: str = "viewer") -> dict[str, str]:
    role_id = to_global_id("Role", await system_role_id(database, role))
    return {"email": f"{uuid7().hex}@example.com", "roleId": role_id}


async def test_entities_of_others_are_not_resolved(ask: Ask, database: Database) -> None:
    owner = await add_member(database, await add_organization(database), "owner")
    stranger = await add_member(database, await add_organization(database), "owner")
    invited = data(await ask(owner, INVITE, input=await invitation_input(database)))["membershipInvite"]
    role = await ask(
        owner, 'mutation { roleCreate(input: {key: "ops", name: "Ops", permissions: []}) { role { id } } }'
    )
    members = "{ organization { members { nodes { id } } } }"
    membership = data(await ask(owner, members))["organization"]["members"]["nodes"][0]["id"]
    representations = [
        {"__typename": "User", "id": user_id(owner)},
        {"__typename": "Organization", "id": organization_id(owner)},
        {"__typename": "Membership", "id": membership},
        {"__typename": "Role", "id": data(role)["roleCreate"]["role"]["id"]},
        {"__typename": "Invitation", "id": invited["invitation"]["id"]},
    ]

    own = await ask(owner, ENTITIES, representations=representations)
    foreign = await ask(stranger, ENTITIES, representations=representations)
    anonymous = await ask(ANONYMOUS, ENTITIES, representations=representations)
    application = Principal(
        kind=PrincipalKind.APPLICATION,
        id=uuid7(),
        organisation_id=owner.organisation_id,
        scopes=frozenset({"applications:read"}),
    )
    scopeless = await ask(application, ENTITIES, representations=representations)

    assert all(data(own)["_entities"])
    assert foreign.data == {"_entities": [None] * 5}
    assert anonymous.data == {"_entities": [None] * 5}
    assert set(codes(anonymous)) == {"UNAUTHENTICATED"}
    assert scopeless.data is not None
    assert scopeless.data["_entities"][0] is None
    assert scopeless.data["_entities"][4] is None


async def test_hostile_representations_are_answered_not_raised(ask: Ask, database: Database) -> None:
    person = await add_member(database, await add_organization(database))
    representations: list[Any] = [
        {"__typename": "User"},
        {"__typename": "User", "id": "x"},
        {"__typename": "User", "id": 7},
        {"__typename": "User", "id": organization_id(person)},
        {"__typename": "User", "id": user_id(person), "row": {"status": "active"}, "extra": 1},
        {"__typename": "Query", "id": "1"},
        {"__typename": "User", "id": {"a": []}},
    ]

    answer = await ask(
        person,
        """query ($representations: [_Any!]!) {
          _entities(representations: $representations) { ... on User { name } } }""",
        representations=representations,
    )

    assert answer.data is not None
    found = answer.data["_entities"]
    assert found[4] == {"name": "Ada"}
    assert [entity for index, entity in enumerate(found) if index != 4] == [None] * 6
    assert "INTERNAL_SERVER_ERROR" not in codes(answer), answer.errors


async def test_a_profile_is_updated_with_its_version(ask: Ask, database: Database) -> None:
    person = await add_member(database, await add_organization(database))
    id = user_id(person)

    good = data(await ask(person, UPDATE, input={"id": id, "name": "Grace", "expectedVersion": 1}))
    stale = data(await ask(person, UPDATE, input={"id": id, "name": "Eve", "expectedVersion": 1}))
    null = data(await ask(person, UPDATE, input={"id": id, "name": None}))
    bad = data(await ask(person, UPDATE, input={"id": id, "timezone": "Mars/Olympus"}))
    unknown = data(await ask(person, UPDATE, input={"id": to_global_id("User", uuid7()), "name": "X"}))
    wrong_type = data(await ask(person, UPDATE, input={"id": organization_id(person), "name": "X"}))

    assert good["userUpdate"] == {"user": {"name": "Grace", "version": 2}, "errors": []}
    for answer, code, path in (
        (stale, "VERSION_CONFLICT", ["input", "expectedVersion"]),
        (null, "INVALID_INPUT", ["input", "name"]),
        (bad, "INVALID_INPUT", ["input", "timezone"]),
        (unknown, "NOT_FOUND", ["input", "id"]),
        (wrong_type, "INVALID_ID", []),
    ):
        assert answer["userUpdate"] == {"user": None, "errors": [{"code": code, "path": path}]}


async def test_a_status_cannot_be_smuggled_into_an_update(ask: Ask, database: Database) -> None:
    person = await add_member(database, await add_organization(database))

    answer = await ask(
        person, UPDATE, input={"id": user_id(person), "status": "ACTIVE", "email": "a@b.example"}
    )

    assert answer.data is None
    assert codes(answer) == ["BAD_USER_INPUT"] * len(answer.errors)


async def test_an_invitation_leads_a_new_person_in(ask: Ask, database: Database, parts: UsersParts) -> None:
    owner = await add_member(database, await add_organization(database), "owner")
    invited = data(await ask(owner, INVITE, input=await invitation_input(database, "developer")))
    invitation = invited["membershipInvite"]["invitation"]
    assert (invitation["status"], invitation["role"]["key"]) == ("PENDING", "developer")
    token = parts.tokens.token_for(from_global_id(invitation["id"], "Invitation"))

    nameless = data(await ask(ANONYMOUS, ACCEPT, input={"token": token}))
    joined = data(await ask(ANONYMOUS, ACCEPT, input={"token": token, "name": "Grace"}))["invitationAccept"]
    again = await ask(ANONYMOUS, ACCEPT, input={"token": token, "name": "Eve"})
    unknown = data(await ask(ANONYMOUS, ACCEPT, input={"token": "x" * 64, "name": "Eve"}))

    assert nameless["invitationAccept"]["errors"] == [{"code": "NAME_NEEDED"}]
    assert joined["isNewPerson"]
    assert joined["organizationId"] == organization_id(owner)
    assert codes(again) == ["SIGN_IN_REQUIRED"]
    assert unknown["invitationAccept"]["errors"] == [{"code": "INVITATION_UNKNOWN"}]
    person = acting(from_global_id(joined["userId"], "User"), owner.organisation_id, "developer")
    again_signed_in = data(await ask(person, ACCEPT, input={"token": token}))
    assert again_signed_in["invitationAccept"]["errors"] == [{"code": "INVITATION_ALREADY_USED"}]
    assert data(await ask(person, "{ viewer { name } }")) == {"viewer": {"name": "Grace"}}


async def test_duplicate_and_malformed_addresses_are_payload_errors(ask: Ask, database: Database) -> None:
    owner = await add_member(database, await add_organization(database), "owner", email="owner@dup.example")
    input = await invitation_input(database)
    data(await ask(owner, INVITE, input=input))

    async def code(email: str) -> Any:
        answer = data(await ask(owner, INVITE, input={**input, "email": email}))
        return answer["membershipInvite"]["errors"][0]["code"]

    assert await code(input["email"].upper()) == "INVITATION_ALREADY_PENDING"
    assert await code("Owner@DUP.example") == "ALREADY_A_MEMBER"
    assert await code("no address") == "EMAIL_INVALID"
    assert await code("a@b.example\nBcc: eve@example.com") == "EMAIL_INVALID"


async def test_an_organisation_is_founded_renamed_and_its_slug_is_its_own(
    ask: Ask, database: Database
) -> None:
    founder = acting(await add_person(database), None)
    slug = f"acme-{uuid7().hex[:16]}"
    create = """mutation ($input: OrganizationCreateInput!) { organizationCreate(input: $input) {
      organization { id slug name version } errors { code } } }"""
    update = """mutation ($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) {
      organization { name version } errors { code } } }"""

    made = data(await ask(founder, create, input={"name": "Acme", "slug": slug}))["organizationCreate"]
    taken = data(await ask(founder, create, input={"name": "Acme", "slug": slug}))["organizationCreate"]
    bad = data(await ask(founder, create, input={"name": "Acme", "slug": "Ac me"}))["organizationCreate"]
    anonymous = await ask(ANONYMOUS, create, input={"name": "Acme", "slug": "other"})

    assert made["errors"] == []
    assert taken == {"organization": None, "errors": [{"code": "ORGANIZATION_SLUG_TAKEN"}]}
    assert bad["errors"] == [{"code": "INVALID_INPUT"}]
    assert codes(anonymous) == ["UNAUTHENTICATED"]
    id = made["organization"]["id"]
    assert founder.id is not None
    owner = acting(founder.id, from_global_id(id, "Organization"), "owner")
    renamed = data(await ask(owner, update, input={"id": id, "name": "Acme Ltd", "expectedVersion": 1}))
    assert renamed["organizationUpdate"]["organization"] == {"name": "Acme Ltd", "version": 2}
    other = await add_member(database, await add_organization(database), "owner")
    refused = data(await ask(other, update, input={"id": id, "name": "Stolen"}))
    assert refused["organizationUpdate"]["errors"] == [{"code": "NOT_FOUND"}]


async def test_somebody_who_was_erased_finds_nothing_of_their_own(ask: Ask) -> None:
    nobody = acting(uuid7(), uuid7(), "owner")

    answer = await ask(nobody, "{ viewer { id } organization { id } permissions { name } }")

    assert data(answer)["viewer"] is None
    assert data(answer)["organization"] is None
    assert len(data(answer)["permissions"]) == len(PERMISSIONS)

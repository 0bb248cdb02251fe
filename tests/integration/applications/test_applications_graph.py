"""Applications and environments as a client of the graph meets them."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from common.clock import SystemClock
from common.db.session import Database
from common.graphql.executor import Answer
from common.ids import from_global_id, to_global_id, uuid7
from subgraphs.applications.models import ApplicationKind, ApplicationStatus
from subgraphs.applications.service.applications import ApplicationService
from subgraphs.applications.service.directory import ApplicationDirectory
from tests.factories.applications import add_application
from tests.integration.applications.conftest import Ask

pytestmark = pytest.mark.stores

WRITER = frozenset({"applications:read", "applications:write"})
APPLICATION = (
    "id slug name kind status version createdBy { id } organization { id } environments { id key protected }"
)
CREATE = f"""mutation ($input: ApplicationCreateInput!) {{ applicationCreate(input: $input) {{
  application {{ {APPLICATION} }} errors {{ code path }} }} }}"""
LIST = """query ($filter: ApplicationFilter, $first: Int, $after: String) {
  applications(filter: $filter, first: $first, after: $after) {
    nodes { slug } pageInfo { hasNextPage endCursor } totalCount } }"""


def member(scopes: frozenset[str] = WRITER) -> Principal:
    """Somebody in an organisation of their own."""
    return Principal(kind=PrincipalKind.USER, id=uuid7(), organisation_id=uuid7(), scopes=scopes)


def data(answer: Answer) -> dict[str, Any]:
    assert answer.errors == (), answer.errors
    assert answer.data is not None
    return answer.data


def codes(answer: Answer) -> list[str]:
    return [error["extensions"]["code"] for error in answer.errors]


def new(**more: str) -> dict[str, str]:
    return {"name": "Support bot", "slug": f"bot-{uuid7().hex[:20]}", "kind": "CHAT", **more}


async def create(ask: Ask, principal: Principal, **more: str) -> dict[str, Any]:
    made = data(await ask(principal, CREATE, input=new(**more)))["applicationCreate"]
    assert made["errors"] == []
    application: dict[str, Any] = made["application"]
    return application


async def change(ask: Ask, principal: Principal, verb: str, selection: str, **input: Any) -> dict[str, Any]:
    """The payload of a mutation with one input."""
    document = (
        f"mutation ($input: {verb[0].upper()}{verb[1:]}Input!)"
        f" {{ {verb}(input: $input) {{ {selection} errors {{ code path }} }} }}"
    )
    payload: dict[str, Any] = data(await ask(principal, document, input=input))[verb]
    return payload


async def topics(database: Database, application_id: str) -> list[str]:
    key = str(from_global_id(application_id, "Application"))
    async with database.engine.connect() as connection:
        await connection.execute(text("select set_config('role', 'atrium_events_system', true)"))
        found = await connection.execute(
            text("select topic from applications.outbox where key = :key order by sequence"), {"key": key}
        )
        return [row.topic for row in found]


async def test_a_new_application_is_a_draft_with_three_environments(ask: Ask, database: Database) -> None:
    person = member()
    assert person.id is not None
    assert person.organisation_id is not None

    made = await create(ask, person)

    assert (made["status"], made["kind"], made["version"]) == ("DRAFT", "CHAT", 1)
    assert [(one["key"], one["protected"]) for one in made["environments"]] == [
        ("development", False),
        ("staging", False),
        ("production", True),
    ]
    assert made["createdBy"] == {"id": to_global_id("User", person.id)}
    assert made["organization"] == {"id": to_global_id("Organization", person.organisation_id)}
    assert await topics(database, made["id"]) == ["applications.application.created"]


async def test_a_slug_is_taken_once_per_organisation_also_at_once(ask: Ask) -> None:
    person, input = member(), new()

    answers = await asyncio.gather(*(ask(person, CREATE, input=input) for _ in range(6)))
    elsewhere = data(await ask(member(), CREATE, input=input))["applicationCreate"]

    errors = [error["code"] for answer in answers for error in data(answer)["applicationCreate"]["errors"]]
    assert errors == ["APPLICATION_SLUG_TAKEN"] * 5
    assert elsewhere["errors"] == []


async def test_the_life_of_an_application(ask: Ask, database: Database) -> None:
    person = member()
    id = (await create(ask, person, slug="life"))["id"]
    show = "application { status version }"

    steps = [
        ("applicationPause", "APPLICATION_STATUS_CONFLICT"),
        ("applicationRemove", "APPLICATION_STATUS_CONFLICT"),
        ("applicationActivate", "ACTIVE"),
        ("applicationActivate", "APPLICATION_STATUS_CONFLICT"),
        ("applicationPause", "PAUSED"),
        ("applicationActivate", "ACTIVE"),
        ("applicationArchive", "ARCHIVED"),
        ("applicationActivate", "APPLICATION_STATUS_CONFLICT"),
        ("applicationUpdate", "APPLICATION_ARCHIVED"),
        ("applicationRemove", "gone"),
        ("applicationRemove", "NOT_FOUND"),
    ]
    for verb, outcome in steps:
        more = {"name": "New"} if verb == "applicationUpdate" else {}
        selection = "applicationId" if verb == "applicationRemove" else show
        payload = await change(ask, person, verb, selection, id=id, **more)
        codes_found = [error["code"] for error in payload["errors"]]
        if outcome == "gone":
            assert payload["applicationId"] == id
        elif outcome in {"ACTIVE", "PAUSED", "ARCHIVED"}:
            assert payload["application"]["status"] == outcome, (verb, codes_found)
        else:
            assert codes_found == [outcome], verb

    assert await topics(database, id) == [
        f"applications.application.{fact}"
        for fact in ("created", "activated", "paused", "activated", "archived", "removed")
    ]
    assert (await create(ask, person, slug="life"))["slug"] == "life"


async def test_an_update_needs_the_version_that_was_read(ask: Ask) -> None:
    person = member()
    id = (await create(ask, person))["id"]
    show = "application { name kind version }"

    good = await change(ask, person, "applicationUpdate", show, id=id, kind="AGENT", expectedVersion=1)
    stale = await change(ask, person, "applicationUpdate", show, id=id, name="Stale", expectedVersion=1)
    same = await change(ask, person, "applicationUpdate", show, id=id, kind="AGENT")
    null = await change(ask, person, "applicationUpdate", show, id=id, name=None)

    assert good["application"] == {"name": "Support bot", "kind": "AGENT", "version": 2}
    assert stale["errors"] == [{"code": "VERSION_CONFLICT", "path": ["input", "expectedVersion"]}]
    assert same["application"]["version"] == 2
    assert null["errors"] == [{"code": "INVALID_INPUT", "path": ["input", "name"]}]


async def test_environments_come_go_and_are_protected(ask: Ask, database: Database) -> None:
    person = member()
    application = await create(ask, person)
    development, staging, production = (one["id"] for one in application["environments"])
    show = "environment { key position protected version }"

    made = await change(
        ask, person, "environmentCreate", show, applicationId=application["id"], key="canary", name="Canary"
    )
    taken = await change(
        ask, person, "environmentCreate", show, applicationId=application["id"], key="canary", name="Canary"
    )
    protected = await change(ask, person, "environmentRemove", "environmentId", id=production)
    moved = await change(ask, person, "environmentUpdate", show, id=staging, position=9, name="Stage")
    beyond = await change(ask, person, "environmentUpdate", show, id=staging, position=0)
    gone = await change(ask, person, "environmentRemove", "environmentId", id=development)
    again = await change(ask, person, "environmentRemove", "environmentId", id=development)
    left = data(
        await ask(
            person, "query ($id: ID!) { application(id: $id) { environments { key } } }", id=application["id"]
        )
    )

    assert made["environment"] == {"key": "canary", "position": 4, "protected": False, "version": 1}
    assert taken["errors"] == [{"code": "ENVIRONMENT_KEY_TAKEN", "path": ["input", "key"]}]
    assert protected["errors"] == [{"code": "ENVIRONMENT_PROTECTED", "path": ["input", "id"]}]
    assert moved["environment"] == {"key": "staging", "position": 9, "protected": False, "version": 2}
    assert beyond["errors"] == [{"code": "INVALID_INPUT", "path": ["input", "position"]}]
    assert gone["environmentId"] == development
    assert again["errors"] == [{"code": "NOT_FOUND", "path": ["input", "id"]}]
    assert [one["key"] for one in left["application"]["environments"]] == ["production", "canary", "staging"]
    assert (await topics(database, application["id"]))[1:] == [
        "applications.environment.created",
        "applications.environment.updated",
        "applications.environment.removed",
    ]


async def test_an_application_keeps_one_environment_and_has_a_limited_number(ask: Ask) -> None:
    person = member()
    application = await create(ask, person)

    async def add(key: str) -> list[str]:
        payload = await change(
            ask, person, "environmentCreate", "environment { id }",
            applicationId=application["id"], key=key, name=key,
        )  # fmt: skip
        return [error["code"] for error in payload["errors"]]

    added = await asyncio.gather(*(add(f"more-{n}") for n in range(6)))
    assert sorted(added) == [[], []] + [["TOO_MANY_ENVIRONMENTS"]] * 4

    removed = []
    environments = data(
        await ask(
            person, "query ($id: ID!) { application(id: $id) { environments { id } } }", id=application["id"]
        )
    )["application"]["environments"]
    for environment in environments:
        await change(
            ask, person, "environmentUpdate", "environment { id }", id=environment["id"], protected=False
        )
    removed = await asyncio.gather(
        *(change(ask, person, "environmentRemove", "environmentId", id=one["id"]) for one in environments)
    )
    refused = [error["code"] for payload in removed for error in payload["errors"]]
    assert refused == ["LAST_ENVIRONMENT"]


async def test_pages_filters_and_the_look_up_by_slug(ask: Ask, database: Database) -> None:
    person = member()
    here = person.organisation_id
    assert here is not None
    for slug, kind in (
        ("alpha", ApplicationKind.CHAT),
        ("beta", ApplicationKind.AGENT),
        ("be_ta", ApplicationKind.API),
    ):
        await add_application(database, here, slug=slug, name=slug, kind=kind, created_by=person.id)
    await add_application(database, uuid7(), slug="alien")

    async def found(**filter: Any) -> list[str]:
        return [
            node["slug"] for node in data(await ask(person, LIST, filter=filter))["applications"]["nodes"]
        ]

    slugs: list[str] = []
    after: str | None = None
    while True:
        page = data(await ask(person, LIST, first=2, after=after))["applications"]
        slugs += [node["slug"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert slugs == ["be_ta", "beta", "alpha"]
    assert page["totalCount"] == 3
    assert await found(kind=["AGENT"]) == ["beta"]
    assert await found(status=["ACTIVE"]) == slugs
    assert await found(status=["DRAFT"]) == []
    assert await found(search="_") == ["be_ta"]
    assert await found(search="BETA") == ["beta"]
    assert await found(createdBy=to_global_id("User", uuid7())) == []
    by_slug = "query ($slug: String) { application(slug: $slug) { slug } }"
    assert data(await ask(person, by_slug, slug="beta")) == {"application": {"slug": "beta"}}
    assert data(await ask(person, by_slug, slug="alien")) == {"application": None}
    assert codes(await ask(person, "{ application { slug } }")) == ["INVALID_INPUT"]


async def test_who_may_not_is_refused_with_a_code(ask: Ask) -> None:
    reader, nobody = member(frozenset({"applications:read"})), member(frozenset())
    list_all = "{ applications { nodes { id } } }"

    assert codes(await ask(ANONYMOUS, list_all)) == ["UNAUTHENTICATED"]
    assert codes(await ask(nobody, list_all)) == ["SCOPE_MISSING"]
    assert codes(await ask(replace(reader, organisation_id=None), list_all)) == ["FORBIDDEN"]
    assert codes(await ask(reader, CREATE, input=new())) == ["SCOPE_MISSING"]


async def test_other_organisations_applications_do_not_exist(ask: Ask) -> None:
    owner, stranger = member(), member()
    made = await create(ask, owner)
    environment = made["environments"][0]["id"]
    entities = """query ($representations: [_Any!]!) { _entities(representations: $representations) {
      ... on Application { slug } ... on Environment { key } } }"""
    representations = [
        {"__typename": "Application", "id": made["id"]},
        {"__typename": "Environment", "id": environment},
    ]

    own = data(await ask(owner, entities, representations=representations))["_entities"]
    foreign = data(await ask(stranger, entities, representations=representations))["_entities"]
    scopeless = await ask(replace(owner, scopes=frozenset()), entities, representations=representations)
    update = await change(
        ask, stranger, "applicationUpdate", "application { id }", id=made["id"], name="Mine"
    )
    remove = await change(ask, stranger, "environmentRemove", "environmentId", id=environment)

    assert own == [{"slug": made["slug"]}, {"key": "development"}]
    assert foreign == [None, None]
    assert scopeless.data == {"_entities": [None, None]}
    assert codes(scopeless) == ["SCOPE_MISSING", "SCOPE_MISSING"]
    assert [error["code"] for error in update["errors"]] == ["NOT_FOUND"]
    assert [error["code"] for error in remove["errors"]] == ["NOT_FOUND"]


async def test_policies_keep_strangers_out_where_row_security_would_not(ask: Ask, database: Database) -> None:
    owner, stranger = member(), member()
    id = from_global_id((await create(ask, owner))["id"], "Application")

    async with database.unit_of_work_for_system(domain="applications", job="tests") as all_seeing:
        service = ApplicationService(replace(all_seeing, principal=stranger), SystemClock())
        assert await service.by_ids([id]) == {}


async def test_an_organisation_is_extended_with_its_applications(ask: Ask, database: Database) -> None:
    person = member()
    assert person.organisation_id is not None
    await add_application(database, person.organisation_id, slug="only")
    document = """query ($representations: [_Any!]!) { _entities(representations: $representations) {
      ... on Organization {
        id applicationNamespace applications(first: 5) { nodes { slug } totalCount } } } }"""
    own = {"__typename": "Organization", "id": to_global_id("Organization", person.organisation_id)}
    foreign = {"__typename": "Organization", "id": to_global_id("Organization", uuid7())}

    answer = await ask(person, document, representations=[{**own, "slug": "acme"}, foreign])

    assert answer.data is not None
    found = answer.data["_entities"]
    assert found[0]["applicationNamespace"] == "acme/"
    assert found[0]["applications"] == {"nodes": [{"slug": "only"}], "totalCount": 1}
    assert found[1] == {"id": foreign["id"], "applicationNamespace": None, "applications": None}
    assert codes(answer) == ["FORBIDDEN"]


async def test_entities_and_what_hangs_below_are_a_statement_per_relation(
    ask: Ask, database: Database
) -> None:
    person = member()
    here = person.organisation_id
    assert here is not None
    ids = [await add_application(database, here, created_by=person.id) for _ in range(60)]
    representations = [
        *({"__typename": "Application", "id": to_global_id("Application", id)} for id in ids),
        {"__typename": "Organization", "id": to_global_id("Organization", here)},
    ]
    document = """query ($representations: [_Any!]!) { _entities(representations: $representations) {
      ... on Application { slug createdBy { id } environments { key application { name } } }
      ... on Organization { applications(first: 100) { nodes { slug environments { key } } } } } }"""

    with database.counting() as counted:
        found = data(await ask(person, document, representations=representations))["_entities"]

    assert len(found[-1]["applications"]["nodes"]) == 60
    assert all(entity["environments"] == [{"key": "production", "application": {"name": "Support bot"}}]
               for entity in found[:-1])  # fmt: skip
    # applications by id, a page of the organisation's, environments of both: perhaps together
    assert len(counted.statements) <= 4, "\n".join(counted.statements)


async def test_the_directory_knows_living_applications_only(database: Database) -> None:
    here = uuid7()
    directory = ApplicationDirectory(database)
    active = await add_application(database, here)
    archived = await add_application(database, here, status=ApplicationStatus.ARCHIVED)

    assert await directory.organisation_of(active) == here
    assert await directory.organisation_of(archived) is None
    assert await directory.organisation_of(uuid7()) is None

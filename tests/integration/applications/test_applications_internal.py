"""Whose an application is, as other processes of the platform ask."""

import orjson
import pytest
from starlette.testclient import TestClient

from common.access.principal import Principal, PrincipalKind
from common.access.signing import HEADER, IdentitySigner, IdentityVerifier, generate_key
from common.clock import SystemClock
from common.db.session import Database
from common.graphql.app import build_subgraph_app
from common.graphql.subgraph import Subgraph
from common.ids import uuid7
from subgraphs.applications.http.owners import owner_questions
from subgraphs.applications.service.directory import ApplicationDirectory
from subgraphs.applications.service.parts import ApplicationsParts
from tests.factories.applications import add_application

pytestmark = pytest.mark.stores


async def test_the_owner_of_a_living_application_is_told(database: Database) -> None:
    here = uuid7()
    application = await add_application(database, here)
    owners = owner_questions(ApplicationDirectory(database))["/internal/owners"]

    assert await owners({"applicationId": str(application)}) == {"organizationId": str(here)}
    assert await owners({"applicationId": str(uuid7())}) == {"organizationId": None}


def test_callers_are_refused_and_nonsense_is_a_clear_error(subgraph: Subgraph[ApplicationsParts]) -> None:
    key = generate_key()
    app = build_subgraph_app(subgraph, IdentityVerifier([key.public_key()], "applications"))
    client = TestClient(app)
    body = orjson.dumps({"applicationId": "nonsense"})

    def status(kind: PrincipalKind) -> int:
        token = IdentitySigner(key).sign(
            Principal(kind=kind, id=uuid7()),
            audience="applications",
            body=body,
            request_id="test",
            now=SystemClock().now(),
        )
        headers = {HEADER: token, "content-type": "application/json"}
        return client.post("/internal/owners", content=body, headers=headers).status_code

    assert status(PrincipalKind.SYSTEM) == 400
    assert [status(kind) for kind in PrincipalKind if kind is not PrincipalKind.SYSTEM] == [401, 401, 401]

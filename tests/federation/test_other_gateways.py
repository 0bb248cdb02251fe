"""Other gateways start on our supergraph and answer through Strawberry subgraphs over HTTP."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import pytest
import strawberry

from schema.compose import Subgraph, compose
from tests.federation.other_gateways import GATEWAYS, ask_gateway

pytestmark = pytest.mark.node

FEDERATION: Literal["2.11"] = "2.11"
STREAM = "\ndirective @stream(if: Boolean! = true, label: String, initialCount: Int = 0) on FIELD\n"


@strawberry.federation.type(keys=["id"])
class User:
    """A person, as the users subgraph knows them."""

    id: strawberry.ID
    name: str

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "User":
        return cls(id=id, name=f"user {id}")


@strawberry.type
class UsersQuery:
    """The queries of users."""

    @strawberry.field
    def me(self) -> User:
        return User(id=strawberry.ID("1"), name="user 1")


@strawberry.type
class Session:
    """A sign-in."""

    id: strawberry.ID
    agent: str = strawberry.federation.field(shareable=True, default="browser")


@strawberry.federation.type(name="User", keys=["id"])
class SessionOwner:
    """A person, as the auth subgraph knows them."""

    id: strawberry.ID

    @strawberry.field
    def sessions(self) -> list[Session]:
        return [Session(id=strawberry.ID(f"{self.id}-{number}")) for number in range(2)]

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "SessionOwner":
        return cls(id=id)


@strawberry.type
class AuthQuery:
    """The queries of auth."""

    @strawberry.field
    def active(self) -> int:
        return 2


def signature_of(root: "Author") -> str:
    """What stands below the author's work."""
    return f"made by {root.name}"


@strawberry.federation.type(name="User", keys=["id"])
class Author:
    """A person, as the applications subgraph knows them: it needs their name from elsewhere."""

    id: strawberry.ID
    name: str = strawberry.federation.field(external=True, default="")

    signature: str = strawberry.federation.field(resolver=signature_of, requires=["name"])

    @classmethod
    def resolve_reference(cls, id: strawberry.ID, name: str = "") -> "Author":
        return cls(id=id, name=name)


@strawberry.federation.type(keys=["id"])
class Application:
    """A program of a customer."""

    id: strawberry.ID
    created_by: Author


@strawberry.type
class ApplicationsQuery:
    """The queries of applications."""

    @strawberry.field
    def applications(self) -> list[Application]:
        return [
            Application(id=strawberry.ID(str(n)), created_by=Author(id=strawberry.ID(str(n)))) for n in (7, 8)
        ]


SCHEMAS = {
    "users": strawberry.federation.Schema(query=UsersQuery, federation_version=FEDERATION),
    "auth": strawberry.federation.Schema(
        query=AuthQuery, types=[SessionOwner], federation_version=FEDERATION
    ),
    "applications": strawberry.federation.Schema(query=ApplicationsQuery, federation_version=FEDERATION),
}


class Handler(BaseHTTPRequestHandler):
    """POST /NAME executes on the schema of that name."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        schema = SCHEMAS[self.path.strip("/")]
        result = schema.execute_sync(body["query"], variable_values=body.get("variables"))
        errors = [{"message": error.message} for error in result.errors or ()]
        answer = json.dumps({"data": result.data, **({"errors": errors} if errors else {})}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a test run is no place for an access log."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the subgraphs listen."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def supergraph(address: str) -> str:
    """The three Strawberry schemas composed; all of them declare `@stream`, which ours alone is to notice."""
    subgraphs = [
        Subgraph(name=name, url=f"{address}/{name}", sdl=schema.as_str() + STREAM)
        for name, schema in SCHEMAS.items()
    ]
    return compose(subgraphs).supergraph_sdl


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_gateway_answers_across_subgraphs(supergraph: str, gateway: str) -> None:
    queries = [
        "{ me { name sessions { id agent } signature } }",
        "{ applications { id createdBy { name signature sessions { id } } } active }",
    ]

    first, second = ask_gateway(gateway, supergraph, queries)

    assert first == {
        "data": {
            "me": {
                "name": "user 1",
                "sessions": [{"id": "1-0", "agent": "browser"}, {"id": "1-1", "agent": "browser"}],
                "signature": "made by user 1",
            }
        },
        "errors": [],
    }
    assert second["errors"] == []
    assert second["data"]["active"] == 2
    assert second["data"]["applications"][1] == {
        "id": "8",
        "createdBy": {
            "name": "user 8",
            "signature": "made by user 8",
            "sessions": [{"id": "8-0"}, {"id": "8-1"}],
        },
    }

"""A subgraph of somebody else over real HTTP, which answers only what the router has signed."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from graphql import build_schema, graphql_sync

from common.access.principal import Principal
from common.access.signing import HEADER, IdentityRefused, IdentityVerifier

SDL = """extend schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])

"The weather, for cities and for people."
type Query {
  "How it is in a city."
  weather(city: String!): String
}

type User @key(fields: "id") {
  id: ID!
  "What this person has outside the window."
  weather: String
}
"""
_EXECUTABLE = """
scalar _Any
union _Entity = User
type Query { weather(city: String!): String _entities(representations: [_Any!]!): [_Entity]! }
type User { id: ID! weather: String }
"""


@dataclass(slots=True)
class Weather:
    """Where it is, and who was vouched for in each question."""

    url: str
    principals: list[Principal] = field(default_factory=list)


class _Root:
    def weather(self, _info: Any, city: str) -> str:
        return f"Rain in {city}"

    def _entities(self, _info: Any, representations: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{"__typename": "User", "id": each["id"], "weather": "Fog"} for each in representations]


@contextmanager
def weather(router: Ed25519PublicKey) -> Iterator[Weather]:
    """Answers what the router with this key signed, and nobody else."""
    schema, verifier = build_schema(_EXECUTABLE), IdentityVerifier([router], "weather")
    here = Weather(url="")

    class Door(BaseHTTPRequestHandler):
        """POST /graphql."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            try:
                identity = verifier.verify(self.headers.get(HEADER, ""), body, datetime.now(UTC))
            except IdentityRefused:
                self._answer(401, {"errors": [{"message": "Who asks?"}]})
                return
            here.principals.append(identity.principal)
            question = json.loads(body)
            done = graphql_sync(
                schema, question["query"], _Root(), variable_values=question.get("variables") or {}
            )
            self._answer(200, done.formatted)

        def _answer(self, status: int, payload: Any) -> None:
            text = json.dumps(payload).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: a test run is no place for an access log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        server.daemon_threads = True
        here.url = f"http://127.0.0.1:{server.server_port}/graphql"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield here
        finally:
            server.shutdown()
            thread.join()

"""Four small subgraphs over fixed data, cheap enough that the router is what is measured.

The first time a request body arrives graphql-core executes it; afterwards the same bytes are answered from
memory. Run: `python -m benchmarks.gateway.subgraphs PORT` (each subgraph at /NAME), or `... --sdl PORT` for
the file that `atrium schema compose --subgraphs` reads.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import uvicorn
from graphql import ExecutionResult, GraphQLObjectType, GraphQLSchema, build_schema, graphql_sync

PEOPLE = 12
APPLICATIONS = 20
RUNS_PER_APPLICATION = 6
RUNS = APPLICATIONS * RUNS_PER_APPLICATION

SDL: Mapping[str, str] = {
    "people": """
        type Query { me: Person people: [Person!]! person(id: ID!): Person }
        type Person @key(fields: "id") { id: ID! name: String! email: String! team: String! }
    """,
    "applications": """
        type Query { applications(first: Int = 10): [Application!]! }
        type Application @key(fields: "id") { id: ID! slug: String! title: String! owner: Person! }
        type Person @key(fields: "id") { id: ID! applications: [Application!]! }
    """,
    "runs": """
        type Query { lastRun: Run }
        type Run @key(fields: "id") {
            id: ID! prompt: String! tokens: Int! by: Person! application: Application!
        }
        type Person @key(fields: "id") { id: ID! runs: [Run!]! }
        type Application @key(fields: "id") { id: ID! runs: [Run!]! }
    """,
    "costs": """
        type Query { currency: String! }
        type Application @key(fields: "id") {
            id: ID! slug: String! @external cents: Int! label: String! @requires(fields: "slug")
        }
    """,
}
LINK = '@link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])'
FEDERATION = """
    directive @key(fields: String!) repeatable on OBJECT
    directive @external on FIELD_DEFINITION
    directive @requires(fields: String!) on FIELD_DEFINITION
    scalar _Any
"""


def person(number: int) -> dict[str, Any]:
    """One person as every subgraph knows them."""
    return {
        "__typename": "Person", "id": f"p{number}", "name": f"Person {number}",
        "email": f"p{number}@example.com", "team": ("research", "support", "finance")[number % 3],
        "applications": lambda *_: [application(n) for n in range(APPLICATIONS) if n % PEOPLE == number],
        "runs": lambda *_: [run(n) for n in range(RUNS) if n % PEOPLE == number],
    }  # fmt: skip


def application(number: int) -> dict[str, Any]:
    """One application as every subgraph knows it."""
    runs = range(number * RUNS_PER_APPLICATION, (number + 1) * RUNS_PER_APPLICATION)
    return {
        "__typename": "Application", "id": f"a{number}", "slug": f"application-{number}",
        "title": f"Application {number}", "owner": lambda *_: person(number % PEOPLE),
        "runs": lambda *_: [run(n) for n in runs], "cents": number * 100 + 25,
        "label": f"application-{number}: {number * 100 + 25}",
    }  # fmt: skip


def run(number: int) -> dict[str, Any]:
    """One run of an application by a person."""
    return {
        "__typename": "Run", "id": f"r{number}", "prompt": f"Summarise document {number} in two sentences.",
        "tokens": 200 + number, "by": lambda *_: person(number % PEOPLE),
        "application": lambda *_: application(number // RUNS_PER_APPLICATION),
    }  # fmt: skip


ENTITIES: Mapping[str, Callable[[int], dict[str, Any]]] = {
    "Person": person,
    "Application": application,
    "Run": run,
}

ROOT: dict[str, Any] = {
    "me": lambda *_: person(0),
    "people": lambda *_: [person(n) for n in range(PEOPLE)],
    "person": lambda *_, id: person(int(id[1:])),
    "applications": lambda *_, first: [application(n) for n in range(min(first, APPLICATIONS))],
    "lastRun": lambda *_: run(0),
    "currency": "EUR",
    "_entities": lambda *_, representations: [
        ENTITIES[representation["__typename"]](int(representation["id"][1:]))
        for representation in representations
    ],
}


def executable(name: str) -> GraphQLSchema:
    """The subgraph's schema with `_entities` as the federation specification says."""
    sdl = SDL[name]
    entities = " | ".join(kind for kind in ENTITIES if f"type {kind} @key" in sdl)
    root = "type Query { _entities(representations: [_Any!]!): [_Entity]! "
    schema = build_schema(f"{FEDERATION} {sdl.replace('type Query {', root)} union _Entity = {entities}")
    assert isinstance(schema.type_map["Query"], GraphQLObjectType)
    return schema


def descriptions(port: int) -> list[dict[str, str]]:
    """What `atrium schema compose --subgraphs` reads."""
    return [
        {"name": name, "url": f"http://127.0.0.1:{port}/{name}", "sdl": f"extend schema {LINK}\n{sdl}"}
        for name, sdl in SDL.items()
    ]


class Subgraphs:
    """An ASGI app: POST /NAME answers as that subgraph."""

    def __init__(self) -> None:
        self._schemas = {f"/{name}": executable(name) for name in SDL}
        self._answers: dict[tuple[str, bytes], bytes] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        answer = self._answers.get((scope["path"], body))
        if answer is None:
            answer = self._answers[scope["path"], body] = self._execute(scope["path"], body)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _execute(self, path: str, body: bytes) -> bytes:
        request = orjson.loads(body)
        result: ExecutionResult = graphql_sync(
            self._schemas[path], request["query"], ROOT, variable_values=request.get("variables")
        )
        return orjson.dumps(result.formatted)


def main(arguments: list[str]) -> None:
    """Serve on the port, or print the descriptions."""
    if arguments[:1] == ["--sdl"]:
        json.dump(descriptions(int(arguments[1])), sys.stdout)
        return
    config = uvicorn.Config(Subgraphs(), port=int(arguments[0]), log_level="warning", access_log=False)
    asyncio.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main(sys.argv[1:])

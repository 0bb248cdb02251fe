"""The registry for commands: one graph, to be asked and changed, wherever its registry is.

On the database itself and through the endpoint of a platform elsewhere the same questions are asked of the
same GraphQL schema; they differ in who asks and how it gets there.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from atrium.failure import Failed

PLATFORM_GRAPH = "atrium"

_ERRORS = (
    "errors { __typename code message path ... on CompositionRefusedError { problems {"
    " code message contract text locations { subgraph line column } } } }"
)
_OPERATIONS_ERRORS = (
    "errors { __typename code message path ... on DocumentsRefusedError { problemCount problems {"
    " documentId operation line column message advice } } }"
)

MadeT = TypeVar("MadeT")


class RegistryRefused(Exception):
    """The registry said no; `errors` are as it wrote them."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("; ".join(str(error.get("message")) for error in errors))
        self.errors = errors


class Asking(Protocol):
    """Brings a question to a registry."""

    async def ask(self, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The data; raises RegistryRefused if something is wrong with the whole question."""
        ...


@dataclass(frozen=True, slots=True)
class Registry:
    """One graph in a registry."""

    asking: Asking
    graph_id: str

    async def change(self, verb: str, selection: str, **values: Any) -> Mapping[str, Any]:
        """The payload of a mutation of schemas; raises RegistryRefused with every error in it."""
        return await self._change(verb, selection, _ERRORS, values)

    async def change_operations(self, verb: str, selection: str, **values: Any) -> Mapping[str, Any]:
        """The payload of a mutation of registered operations; raises RegistryRefused as well."""
        return await self._change(verb, selection, _OPERATIONS_ERRORS, values)

    async def _change(
        self, verb: str, selection: str, errors: str, values: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        given = {name: value for name, value in values.items() if value is not None}
        kind = f"{verb[0].upper()}{verb[1:]}Input"
        data = await self.asking.ask(
            f"mutation Change($input: {kind}!) {{ {verb}(input: $input) {{ {selection} {errors} }} }}",
            {"input": {"graphId": self.graph_id, **given}},
        )
        payload: Mapping[str, Any] = data[verb]
        if payload["errors"]:
            raise RegistryRefused(payload["errors"])
        return payload

    async def read(self, selection: str, declared: str = "", **values: Any) -> Mapping[str, Any]:
        """Fields of the graph; `declared` are the variables that the selection uses: `$after: String`."""
        document = f"query Read($id: ID! {declared}) {{ graph(id: $id) {{ {selection} }} }}"
        asked = {"id": self.graph_id, **values}
        found: Mapping[str, Any] = (await self.asking.ask(document, asked))["graph"]
        return found

    async def read_all(
        self, field: str, selection: str, *, most: int, declared: str = "", **values: Any
    ) -> list[Any]:
        """All items of a list of the graph, page by page, up to `most`; `field` may have arguments."""
        name = field.partition("(")[0]
        opened = f"{field[:-1]}, " if field.endswith(")") else f"{field}("
        listed = f"{opened}first: 100, after: $after) {{ pageInfo {{ hasNextPage endCursor }} nodes"
        found: list[Any] = []
        after: str | None = None
        while True:
            graph = await self.read(
                f"{listed} {{ {selection} }} }}", f"$after: String {declared}", after=after, **values
            )
            page = graph[name] or {"nodes": [], "pageInfo": {"hasNextPage": False}}
            found += page["nodes"]
            if not page["pageInfo"]["hasNextPage"] or len(found) >= most:
                return found[:most]
            after = page["pageInfo"]["endCursor"]


class Reach(Protocol):
    """The way to one graph in a registry, open as long as it is used."""

    def use(self, ask: Callable[[Registry], Awaitable[MadeT]]) -> MadeT:
        """What `ask` makes of the graph; raises RegistryRefused, or Failed if there is no such graph."""
        ...


async def registry_of(asking: Asking, graph: str) -> Registry:
    """The graph with this name; raises Failed if there is none."""
    data = await asking.ask("query Named($name: String!) { graph(name: $name) { id } }", {"name": graph})
    found = data.get("graph")
    if not isinstance(found, dict):
        raise Failed(f"There is no graph {graph!r} in this organization.")
    return Registry(asking, found["id"])


def data_of(answer: object) -> Mapping[str, Any]:
    """The data of an answer; raises RegistryRefused for its errors."""
    if not isinstance(answer, dict):
        raise Failed("The answer is not one of GraphQL.")
    match answer.get("errors"):
        case None | []:
            pass
        case [*errors] if all(isinstance(error, dict) for error in errors):
            raise RegistryRefused([_refusal(error) for error in errors])
        case _:
            raise Failed("The answer is not one of GraphQL.")
    data = answer.get("data")
    if not isinstance(data, dict):
        raise Failed("The answer is not one of GraphQL.")
    return data


def _refusal(error: Mapping[str, Any]) -> dict[str, Any]:
    extensions = error.get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    return {"code": code, "message": error.get("message")}

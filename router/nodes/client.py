"""The router's own subgraph: says what an id is the id of, once its owners have said that there is such."""

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from aiodataloader import DataLoader
from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLResolveInfo, default_field_resolver
from graphql import execute as execute_document
from graphql import parse as parse_document

from common.ids import InvalidId, split_global_id
from router.nodes.owners import NodeOwners
from router.operation.model import OperationKind
from router.subgraph_client.protocol import (
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)

Node = Mapping[str, str]
Found = Node | GraphQLError | None

_KNOWN = "query($representations:[_Any!]!){_entities(representations:$representations){__typename}}"


class NodeClient:
    """Answers `node` and `nodes`; what is no id, or of nothing that its owners show the caller, is null."""

    def __init__(self, owners: NodeOwners, clients: Mapping[str, SubgraphClient], *, max_ids: int) -> None:
        self._owners = owners
        self._clients = clients
        self._max_ids = max_ids

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Run a query; what an owner could not say is among the errors."""
        look_up = _LookUp(self._owners, self._clients, request, self._max_ids)
        running = execute_document(
            self._owners.schema,
            _parsed(request.document),
            context_value=look_up,
            variable_values=dict(request.variables),
            operation_name=request.operation_name,
            field_resolver=_resolve,
        )
        result = running if isinstance(running, ExecutionResult) else await running
        return SubgraphResponse(
            data=result.data,
            errors=tuple(dict(error.formatted) for error in result.errors or ()),
            is_shared=False,
        )

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """There is nothing to subscribe to."""
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is held."""


class _LookUp:
    """The look-ups of one request: all ids of all fields go to each owner together."""

    def __init__(
        self,
        owners: NodeOwners,
        clients: Mapping[str, SubgraphClient],
        request: SubgraphRequest,
        max_ids: int,
    ) -> None:
        self._owners = owners
        self._clients = clients
        self._request = request
        self._max_ids = max_ids
        self._loader: DataLoader[str, Found] = DataLoader(batch_load_fn=self._load)

    async def find(self, id: str) -> Found:
        """The node; raises what its owner reports."""
        return None if self._type_of(id) is None else await self._loader.load(id)

    def find_all(self, ids: Sequence[str]) -> list[Awaitable[Found]]:
        """The nodes in the order of the ids; raises when there are too many."""
        self._check_number(len(ids))
        return [self.find(id) for id in ids]

    def _check_number(self, ids: int) -> None:
        if ids > self._max_ids:
            raise GraphQLError(
                f"At most {self._max_ids} nodes are looked up at once (max_node_ids), not {ids}.",
                extensions={"code": "BAD_USER_INPUT"},
            )

    def _type_of(self, id: str) -> str | None:
        try:
            name, _ = split_global_id(id)
        except InvalidId:
            return None
        return name if name in self._owners.by_type else None

    async def _load(self, ids: list[str]) -> list[Found]:
        try:
            self._check_number(len(ids))
        except GraphQLError as refusal:
            return [refusal for _ in ids]
        types = {id: name for id in ids if (name := self._type_of(id)) is not None}
        found: dict[str, Found] = {id: {"__typename": name, "id": id} for id, name in types.items()}
        for owner in sorted({owner for name in types.values() for owner in self._owners.by_type[name]}):
            asked = [id for id, name in types.items() if owner in self._owners.by_type[name]]
            found.update(await self._missing(owner, asked, types))
        return [found.get(id) for id in ids]

    async def _missing(self, owner: str, ids: Sequence[str], types: Mapping[str, str]) -> dict[str, Found]:
        """The ids which the owner does not show, with the error where there is one."""
        representations = [{"__typename": types[id], "id": id} for id in ids]
        request = SubgraphRequest(
            kind=OperationKind.QUERY,
            document=_KNOWN,
            operation_name=None,
            variables={"representations": representations},
            context=self._request.context,
        )
        try:
            response = await self._clients[owner].execute(request)
        except SubgraphUnavailable as away:
            failed = GraphQLError(str(away), extensions={"code": away.code})
            return dict.fromkeys(ids, failed)
        entities = (response.data or {}).get("_entities")
        if not isinstance(entities, list) or len(entities) != len(ids):
            entities = [None] * len(ids)
        errors = _errors_by_position(response.errors)
        return {
            id: errors.get(position, errors.get(None))
            for position, (id, entity) in enumerate(zip(ids, entities, strict=True))
            if entity is None
        }


def _errors_by_position(errors: Sequence[Mapping[str, Any]]) -> dict[int | None, GraphQLError]:
    """The first error of each entity; under None, one that concerns them all."""
    found: dict[int | None, GraphQLError] = {}
    for error in errors:
        match error.get("path"):
            case ["_entities", int(position), *_]:
                place: int | None = position
            case _:
                place = None
        extensions = error.get("extensions")
        found.setdefault(
            place,
            GraphQLError(error["message"], extensions=extensions if isinstance(extensions, dict) else None),
        )
    return found


def _resolve(source: Any, info: GraphQLResolveInfo[_LookUp], **arguments: Any) -> Any:
    match info.field_name if source is None else None:
        case "node":
            return info.context.find(arguments["id"])
        case "nodes":
            return info.context.find_all(arguments["ids"])
        case _:
            return default_field_resolver(source, info, **arguments)


@lru_cache(maxsize=1_000)
def _parsed(document: str) -> DocumentNode:
    return parse_document(document, no_location=True)

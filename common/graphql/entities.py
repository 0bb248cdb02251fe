"""Ids and entities: the same opaque id in every subgraph, many representations in one statement."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import strawberry
from graphql import GraphQLError

from common.errors import DomainError, Kind
from common.ids import InvalidId, from_global_id, to_global_id

MOST_REPRESENTATIONS = 10_000


class InvalidRepresentation(DomainError):
    """A representation in `_entities` has no such type, or not the fields that its key needs."""

    code = "INVALID_REPRESENTATION"
    kind = Kind.INVALID


@strawberry.interface
class Node:
    """A thing with an id that no other thing has."""

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Opaque, and the same in every service."""
        raise NotImplementedError


def global_id(type_name: str, id: UUID) -> strawberry.ID:
    """The id clients see."""
    return strawberry.ID(to_global_id(type_name, id))


def local_id(id: str, type_name: str) -> UUID:
    """The uuid behind an id that a client gave; raises InvalidId."""
    return from_global_id(id, type_name)


def local_id_or_none(id: str, type_name: str) -> UUID | None:
    """The uuid behind an id, None if it is no id of this type: for look-ups that may find nothing."""
    try:
        return from_global_id(id, type_name)
    except InvalidId:
        return None


Reference = Callable[[Any, Mapping[str, Any]], Any]
"""Takes Strawberry's info and the fields of a representation; gives the entity, or an awaitable of it."""


def resolve_representation(references: Mapping[str, Reference], info: Any, representation: object) -> Any:
    """What `resolve_reference` of the named type gives (mostly an awaitable of a loader), or an error.

    The representation is the caller's: it is read, never changed.
    """
    if not isinstance(representation, Mapping):
        return _refusal("A representation is an object.")
    type_name = representation.get("__typename")
    reference = references.get(type_name) if isinstance(type_name, str) else None
    if reference is None:
        return _refusal(f"There is no entity type {type_name!r}." if type_name else "__typename is missing.")
    return reference(info, representation)


def missing_fields(type_name: str) -> GraphQLError:
    """The error in place of an entity whose representation is incomplete."""
    return _refusal(f"The representation of {type_name} is incomplete.")


def _refusal(message: str) -> GraphQLError:
    return GraphQLError(message, original_error=InvalidRepresentation(message))

"""One domain, joined: its schema, what its resolvers need, and its plain HTTP routes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeAlias, TypeVar

from starlette.routing import BaseRoute

from common.graphql.executor import SubgraphExecutor
from common.graphql.schema import SubgraphSchema
from common.resources import Resources

__all__ = ["Resources", "Subgraph"]

PartsT = TypeVar("PartsT")

Internal: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
"""Answers one kind of question of the platform's other processes: JSON object in, JSON object out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Something other processes read again and again. `body` is None if what they have is still right."""

    tag: str
    body: bytes | None
    media_type: str


InternalReading: TypeAlias = Callable[[dict[str, str], str | None], Awaitable[Document | None]]
"""Answers a GET of the platform's other processes: takes the parameters of path and query and the entity tag
of what the asker has; None if there is no such thing."""


@dataclass(frozen=True, kw_only=True)
class Subgraph(Generic[PartsT]):
    """A subgraph ready to run, in process or behind HTTP.

    `routes` are open to whoever reaches the process. `internal` are paths (`/internal/...`) that only the
    platform itself may POST to, with a signed identity of kind SYSTEM; they exist behind HTTP only.
    `readings` are the same for GET, with an entity tag.
    """

    name: str
    schema: SubgraphSchema
    resources: Resources
    parts: PartsT
    routes: tuple[BaseRoute, ...] = field(default=())
    internal: Mapping[str, Internal] = field(default_factory=dict)
    readings: Mapping[str, InternalReading] = field(default_factory=dict)

    @cached_property
    def executor(self) -> SubgraphExecutor[PartsT]:
        """Runs operations; made once."""
        return SubgraphExecutor(
            domain=self.name, schema=self.schema, resources=self.resources, parts=self.parts
        )

"""One domain, joined: its schema, what its resolvers need, and its plain HTTP routes."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

from starlette.routing import BaseRoute

from common.graphql.executor import SubgraphExecutor
from common.graphql.schema import SubgraphSchema
from common.resources import Resources

__all__ = ["Resources", "Subgraph"]

PartsT = TypeVar("PartsT")


@dataclass(frozen=True, kw_only=True)
class Subgraph(Generic[PartsT]):
    """A subgraph ready to run, in process or behind HTTP."""

    name: str
    schema: SubgraphSchema
    resources: Resources
    parts: PartsT
    routes: tuple[BaseRoute, ...] = field(default=())

    @cached_property
    def executor(self) -> SubgraphExecutor[PartsT]:
        """Runs operations; made once."""
        return SubgraphExecutor(
            domain=self.name, schema=self.schema, resources=self.resources, parts=self.parts
        )

"""What a request needs that outlives it."""

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from router.access.identity import Door
from router.pipeline.caches import Caches
from router.settings import RouterSettings
from router.snapshot.holder import SnapshotHolder
from router.subgraph_client.clients import SubgraphClients

if TYPE_CHECKING:
    from router.pipeline.stages import Stages


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """Settings and everything with a life. `planners` are the threads that plans are made in."""

    settings: RouterSettings
    snapshots: SnapshotHolder
    clients: SubgraphClients
    door: Door
    caches: Caches
    planners: Executor
    stages: "Stages"

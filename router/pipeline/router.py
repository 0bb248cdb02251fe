"""What a request needs that outlives it."""

from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from router.access.identity import Door
from router.compiled.counts import Counts
from router.pipeline.caches import Caches
from router.settings import RouterSettings
from router.snapshot.holder import SnapshotHolder
from router.subgraph_client.clients import SubgraphClients

if TYPE_CHECKING:
    from router.pipeline.share import RequestSharing
    from router.pipeline.stages import Stages


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """Settings and everything with a life.

    `readers` are the threads that check new documents, `planners` those that make plans: apart, so that
    a plan which takes long holds up no document. `sharing`: the identical queries in flight, if they are
    merged. `counts`: how requests were executed.
    """

    settings: RouterSettings
    snapshots: SnapshotHolder
    clients: SubgraphClients
    door: Door
    caches: Caches
    readers: Executor
    planners: Executor
    stages: "Stages"
    sharing: "RequestSharing | None" = None
    counts: Counts = field(default_factory=Counts)

"""What a request needs that outlives it."""

from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from router.access.identity import Door
from router.compiled.counts import Counts
from router.cost.costs import Costs
from router.persisted.desk import Desk
from router.pipeline.beside import Beside
from router.pipeline.caches import Caches
from router.pipeline.labels import OverrideLabels
from router.pipeline.running import Subscriptions
from router.protection.protection import Protection
from router.settings import RouterSettings
from router.snapshot.holder import SnapshotHolder
from router.subgraph_client.clients import SubgraphClients

if TYPE_CHECKING:
    from router.pipeline.authorise import GrantPolicies
    from router.pipeline.finish import Finish
    from router.pipeline.lane import Lane
    from router.pipeline.share import RequestSharing
    from router.pipeline.stages import Stages


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """Settings and everything with a life.

    `readers` are the threads that check new documents, `planners` those that make plans: apart, so that
    a plan which takes long holds up no document. What takes long is done `beside` the router, if there is
    such a place. `sharing`: the identical queries in flight, if they are merged. `counts`: how requests were
    executed. `labels`: which overrides hold for a request. `subscriptions`: those that run.
    `lane`: the queries that need not go through the stages, if any may.
    """

    settings: RouterSettings
    snapshots: SnapshotHolder
    clients: SubgraphClients
    door: Door
    caches: Caches
    readers: Executor
    planners: Executor
    beside: Beside | None = None
    stages: "Stages"
    sharing: "RequestSharing | None" = None
    protection: Protection | None = None
    costs: Costs | None = None
    grant_policies: "GrantPolicies | None" = None
    labels: OverrideLabels = field(default_factory=OverrideLabels)
    counts: Counts = field(default_factory=Counts)
    desk: Desk = field(default_factory=Desk)
    finish: "Finish | None" = None
    subscriptions: Subscriptions = field(default_factory=Subscriptions)
    lane: "Lane | None" = None

"""Whom a plan may ask: the subgraphs at their addresses, and the router itself for nodes."""

from collections.abc import Mapping

from router.nodes.client import NodeClient
from router.pipeline.router import Router
from router.snapshot.build import Snapshot
from router.subgraph_client.protocol import SubgraphClient


def clients_of(snapshot: Snapshot, router: Router) -> Mapping[str, SubgraphClient]:
    """One client for each subgraph of the snapshot; the same for every request."""
    known = router.caches.clients.get(snapshot.id)
    if known is None:
        known = router.caches.clients[snapshot.id] = _joined(snapshot, router)
    return known


def _joined(snapshot: Snapshot, router: Router) -> Mapping[str, SubgraphClient]:
    clients = router.clients.of(snapshot.addresses)
    if snapshot.nodes is None:
        return clients
    nodes = NodeClient(snapshot.nodes, clients, max_ids=router.settings.limits.max_node_ids)
    return {**clients, snapshot.nodes.subgraph: nodes}

"""Tables of the gateway domain, a module per subject. Organisations, people and applications are ids here."""

from subgraphs.gateway.models.graphs import (
    PLATFORM_GRAPH,
    Activation,
    ActivationKind,
    Contract,
    Graph,
    Member,
    SubgraphVersion,
    Supergraph,
    Variant,
)
from subgraphs.gateway.models.limits import IpRule, PolicySerial, RateLimit, Reach
from subgraphs.gateway.models.operations import (
    ChangeKind,
    Client,
    ClientApplication,
    ClientDocument,
    ClientVersion,
    Operation,
    OperationChange,
    OperationUsage,
    Safelist,
    StoredDocument,
)
from subgraphs.gateway.models.tables import Authored, AuthorKind, Base

__all__ = [
    "PLATFORM_GRAPH",
    "Activation",
    "ActivationKind",
    "AuthorKind",
    "Authored",
    "Base",
    "ChangeKind",
    "Client",
    "ClientApplication",
    "ClientDocument",
    "ClientVersion",
    "Contract",
    "Graph",
    "IpRule",
    "Member",
    "Operation",
    "OperationChange",
    "OperationUsage",
    "PolicySerial",
    "RateLimit",
    "Reach",
    "Safelist",
    "StoredDocument",
    "SubgraphVersion",
    "Supergraph",
    "Variant",
]

"""The domain's enums, as the graph shows them."""

from common.graphql.enums import offer_enum
from common.limits.ip_rules import IpAction
from common.limits.rate_limits import Counting, LimitBy, LimitUnit, WhenAway
from common.operations.documents import SafelistMode
from subgraphs.gateway.models import ActivationKind, AuthorKind, ChangeKind, Reach

__all__ = [
    "ActivationKind",
    "AuthorKind",
    "ChangeKind",
    "Counting",
    "IpAction",
    "LimitBy",
    "LimitUnit",
    "Reach",
    "SafelistMode",
    "WhenAway",
]

offer_enum(
    AuthorKind,
    "What sort of caller changed something.",
    USER="A person.",
    APPLICATION="An application, with its API key.",
    SYSTEM="The platform itself, or whoever runs it from the command line.",
)
offer_enum(
    ActivationKind,
    "How a supergraph became the active one.",
    PUBLISH="Together with what was published.",
    ACTIVATE="Chosen by its number.",
    ROLLBACK="What was active before became active again.",
)
offer_enum(
    SafelistMode,
    "How strictly a client is kept to the operations that it registered.",
    OFF="It may send any operation.",
    LOG="It may send any operation; those that it did not register are counted and logged.",
    KNOWN="It may send only what it registered, as text or by id.",
    ID="It may send only ids of what it registered.",
)
offer_enum(
    ChangeKind,
    "What was done to the registered operations of a graph.",
    name="OperationChangeKind",
    PUBLISH="A client version registered documents.",
    RETIRE="Versions or documents of a client are served no more.",
    MODE="A mode was chosen for a client, or by default.",
    APPLICATIONS="The applications of a client were chosen.",
)
offer_enum(
    LimitBy,
    "What gets a count of its own under a rate limit.",
    name="RateLimitBy",
    IP="The client's address; of IPv6 the first 64 bits.",
    KEY="The API key.",
    USER="The person who is signed in.",
    ORGANIZATION="The organization the caller acts in.",
    OPERATION="The operation, by its name, which the client chooses.",
)
offer_enum(
    LimitUnit,
    "What a rate limit counts.",
    name="RateLimitUnit",
    REQUESTS="Operations, each as one.",
    COST="What operations are estimated to cost.",
)
offer_enum(
    Counting,
    "How router processes share a rate limit.",
    name="RateLimitCounting",
    LEASED="Each takes some units at a time: cheap, and never more than the limit together.",
    EXACT="Every request asks: exact to the last unit.",
)
offer_enum(
    WhenAway,
    "What becomes of requests while nobody can count.",
    name="RateLimitWhenAway",
    OPEN="They pass.",
    CLOSED="They are refused.",
)
offer_enum(
    IpAction,
    "What becomes of requests from a network.",
    name="IpRuleAction",
    ALLOW="They are let in, and others only if a rule allows them, too.",
    DENY="They are kept out.",
)
offer_enum(
    Reach,
    "For whom a rate limit or an IP rule holds.",
    name="PolicyReach",
    ORGANIZATION="For callers of the organization.",
    EVERYONE="For everybody; only the owner of the platform may say so.",
)

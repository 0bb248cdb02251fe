"""The domain's enums, as the graph shows them."""

from common.graphql.enums import offer_enum
from common.operations.documents import SafelistMode
from subgraphs.gateway.models import ActivationKind, AuthorKind, ChangeKind

__all__ = ["ActivationKind", "AuthorKind", "ChangeKind", "SafelistMode"]

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

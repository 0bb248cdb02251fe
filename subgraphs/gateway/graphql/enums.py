"""The domain's enums, as the graph shows them."""

from common.graphql.enums import offer_enum
from subgraphs.gateway.models import ActivationKind, AuthorKind

__all__ = ["ActivationKind", "AuthorKind"]

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

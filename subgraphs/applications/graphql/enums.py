"""The domain's enums, as the graph shows them."""

from common.graphql.enums import offer_enum
from subgraphs.applications.models import ApplicationKind, ApplicationStatus

__all__ = ["ApplicationKind", "ApplicationStatus"]

offer_enum(
    ApplicationKind,
    "What sort of AI application it is.",
    CHAT="Talks with people.",
    AGENT="Acts by itself with tools.",
    WORKFLOW="Follows fixed steps.",
    API="Answers other programs.",
    BATCH="Works through many items at once.",
)
offer_enum(
    ApplicationStatus,
    "Where an application is in its life.",
    DRAFT="It is being prepared.",
    ACTIVE="It runs.",
    PAUSED="It rests and can run again.",
    ARCHIVED="It has ended.",
)

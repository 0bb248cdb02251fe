"""The domain's enums, as the graph shows them."""

from enum import StrEnum

from common.graphql.enums import offer_enum
from subgraphs.users.models import InvitationStatus, OrganizationStatus, UserStatus
from subgraphs.users.repository.people import PeopleOrder

__all__ = ["InvitationStatus", "OrganizationStatus", "PeopleOrder", "UserChangeKind", "UserStatus"]


class UserChangeKind(StrEnum):
    """What happened to a person."""

    CREATED = "created"
    UPDATED = "updated"
    SUSPENDED = "suspended"
    DEACTIVATED = "deactivated"
    REACTIVATED = "reactivated"
    JOINED = "joined"
    ROLE_CHANGED = "role_changed"
    LEFT = "left"


offer_enum(
    UserChangeKind,
    "What happened to a member of the organization.",
    CREATED="Their account was made.",
    UPDATED="Their profile changed.",
    SUSPENDED="They were locked out.",
    DEACTIVATED="They closed their account.",
    REACTIVATED="They may come in again.",
    JOINED="They belong to the organization now.",
    ROLE_CHANGED="They have another role.",
    LEFT="They belong to the organization no more.",
)
offer_enum(
    UserStatus,
    "Whether a person may use the platform.",
    ACTIVE="They may.",
    SUSPENDED="An organization has locked them out.",
    DEACTIVATED="They have closed their account.",
)
offer_enum(
    OrganizationStatus,
    "Whether an organization may use the platform.",
    ACTIVE="It may.",
    SUSPENDED="It was locked out.",
)
offer_enum(
    InvitationStatus,
    "Where an invitation stands.",
    PENDING="It can be accepted.",
    ACCEPTED="The person has joined.",
    REVOKED="The organization took it back.",
    EXPIRED="Nobody accepted it in time.",
)
offer_enum(
    PeopleOrder,
    "What a list of people is ordered by; the id settles ties.",
    name="UserOrder",
    CREATED_AT_ASC="The oldest account first.",
    CREATED_AT_DESC="The newest account first.",
    NAME_ASC="By name.",
    NAME_DESC="By name, backwards.",
    EMAIL_ASC="By e-mail address.",
    EMAIL_DESC="By e-mail address, backwards.",
)

"""What clients may ask for in lists of the users domain, and how it becomes a filter."""

import strawberry

from common.errors import InvalidInput
from common.graphql.entities import local_id
from subgraphs.users.graphql.enums import InvitationStatus, UserStatus
from subgraphs.users.repository.people import PeopleFilter, TextCondition

_DEEPEST = 3
_MOST_PARTS = 30
_LONGEST_TEXT = 254


@strawberry.input(
    description="How a text must be. Upper and lower case are the same; every given part must hold."
)
class StringFilter:
    """Conditions on a text."""

    eq: str | None = strawberry.field(default=None, description="Exactly this.")
    one_of: list[str] | None = strawberry.field(default=None, description="One of these.")
    starts_with: str | None = strawberry.field(default=None, description="Begins with this.")
    contains: str | None = strawberry.field(default=None, description="Has this somewhere.")


@strawberry.input(description="Which people. Every given part must hold; nested at most 3 deep.")
class UserFilter:
    """Conditions on a person."""

    name: StringFilter | None = strawberry.field(default=None, description="By name.")
    email: StringFilter | None = strawberry.field(default=None, description="By e-mail address.")
    status: list[UserStatus] | None = strawberry.field(default=None, description="In one of these states.")
    role_id: strawberry.ID | None = strawberry.field(default=None, description="In this role here.")
    and_: list["UserFilter"] | None = strawberry.field(
        default=None, name="and", description="All of these hold."
    )
    or_: list["UserFilter"] | None = strawberry.field(
        default=None, name="or", description="One of these holds."
    )
    not_: "UserFilter | None" = strawberry.field(default=None, name="not", description="This does not hold.")


@strawberry.input(description="Which invitations.")
class InvitationFilter:
    """Conditions on an invitation."""

    status: list[InvitationStatus] | None = strawberry.field(
        default=None, description="In one of these states."
    )


def people_filter(wanted: UserFilter | None) -> PeopleFilter:
    """What the repository understands; raises InvalidInput beyond the limits."""
    if wanted is None:
        return PeopleFilter()
    if _parts(wanted, 1) > _MOST_PARTS:
        raise InvalidInput(f"A filter has at most {_MOST_PARTS} parts.", path=("filter",))
    return _people_filter(wanted)


def _people_filter(wanted: UserFilter) -> PeopleFilter:
    return PeopleFilter(
        statuses=None if wanted.status is None else tuple(status.value for status in wanted.status),
        role_id=None if wanted.role_id is None else local_id(wanted.role_id, "Role"),
        name=_condition(wanted.name, "name"),
        email=_condition(wanted.email, "email"),
        all_of=tuple(_people_filter(part) for part in wanted.and_ or ()),
        any_of=None if wanted.or_ is None else tuple(_people_filter(part) for part in wanted.or_),
        none_of=() if wanted.not_ is None else (_people_filter(wanted.not_),),
    )


def _condition(wanted: StringFilter | None, field: str) -> TextCondition:
    if wanted is None:
        return TextCondition()
    texts = [wanted.eq, wanted.starts_with, wanted.contains, *(wanted.one_of or ())]
    if len(texts) > _MOST_PARTS or any(_is_unfit(text) for text in texts if text is not None):
        raise InvalidInput("There are too many or unfit texts in the filter.", path=("filter", field))
    return TextCondition(
        equals=wanted.eq,
        one_of=None if wanted.one_of is None else tuple(wanted.one_of),
        starts_with=wanted.starts_with,
        contains=wanted.contains,
    )


def _is_unfit(text: str) -> bool:
    return len(text) > _LONGEST_TEXT or not text.isprintable()


def _parts(wanted: UserFilter, depth: int) -> int:
    if depth > _DEEPEST:
        raise InvalidInput(f"A filter is nested at most {_DEEPEST} deep.", path=("filter",))
    inner = [*(wanted.and_ or ()), *(wanted.or_ or ()), *(() if wanted.not_ is None else (wanted.not_,))]
    return 1 + sum(_parts(part, depth + 1) for part in inner)

"""What clients may ask for in lists of applications, and how it becomes a filter."""

import strawberry

from common.errors import InvalidInput
from common.graphql.entities import local_id
from subgraphs.applications.graphql.enums import ApplicationKind, ApplicationStatus
from subgraphs.applications.repository import ApplicationFilter as Wanted

_LONGEST_TEXT = 200


@strawberry.input(description="Which applications. Every given part must hold.")
class ApplicationFilter:
    """Conditions on an application."""

    kind: list[ApplicationKind] | None = strawberry.field(default=None, description="Of one of these kinds.")
    status: list[ApplicationStatus] | None = strawberry.field(
        default=None, description="In one of these states."
    )
    created_by: strawberry.ID | None = strawberry.field(default=None, description="Made by this person.")
    search: str | None = strawberry.field(
        default=None, description="With this in the name or slug; upper and lower case are the same."
    )


def application_filter(filter: ApplicationFilter | None) -> Wanted:
    """What the repository understands; raises InvalidInput beyond the limits."""
    if filter is None:
        return Wanted()
    if filter.search is not None and (len(filter.search) > _LONGEST_TEXT or not filter.search.isprintable()):
        raise InvalidInput("This text cannot be searched for.", path=("filter", "search"))
    return Wanted(
        kinds=None if filter.kind is None else tuple(sorted({kind.value for kind in filter.kind})),
        statuses=None if filter.status is None else tuple(sorted({state.value for state in filter.status})),
        created_by=None if filter.created_by is None else local_id(filter.created_by, "User"),
        text=filter.search,
    )

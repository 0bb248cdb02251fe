"""Relay connections: pages as the graph shows them."""

from collections.abc import Callable
from typing import Annotated, Generic, TypeAlias, TypeVar

import strawberry
from strawberry.federation.schema_directives import Cost

from common.db.pages import Page, PageRequest

NodeT = TypeVar("NodeT")
RowT = TypeVar("RowT")

First: TypeAlias = Annotated[
    int | None, strawberry.argument(description="How many items, 1 to 100; 50 if it is left out.")
]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="`endCursor` of the page before; the first page without it."),
]


@strawberry.federation.type(shareable=True)
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool = strawberry.field(description="More items follow.")
    has_previous_page: bool = strawberry.field(description="Items come before.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first item.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last item.")


@strawberry.type(description="An item and where it stands in its list.")
class Edge(Generic[NodeT]):
    """An item and its cursor."""

    node: NodeT = strawberry.field(description="The item.")
    cursor: str = strawberry.field(description="Opaque; pass it as `after` or `before`.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[NodeT]):
    """A page of a list."""

    edges: list[Edge[NodeT]] = strawberry.field(description="The items with their cursors.")
    nodes: list[NodeT] = strawberry.field(description="The items alone.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")
    total_count: int | None = strawberry.field(
        description="How many items the whole list has.", directives=[Cost(weight=5)]
    )


def connection_of(page: Page[RowT], node: Callable[[RowT], NodeT]) -> Connection[NodeT]:
    """A page of rows as a connection of what `node` makes of each."""
    nodes = [node(row) for row in page.items]
    return Connection(
        edges=[Edge(node=one, cursor=cursor) for one, cursor in zip(nodes, page.cursors, strict=True)],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        ),
        total_count=page.total,
    )


def page_request(
    info: strawberry.Info,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> PageRequest:
    """The page that a connection field was asked for; counts the list only if `totalCount` was selected."""
    total = any(selects(field.selections, "totalCount") for field in info.selected_fields)
    return PageRequest(first=first, after=after, last=last, before=before, total=total)


def selects(selections: list[strawberry.types.nodes.Selection], name: str) -> bool:
    """Whether a field is selected here, directly or through fragments."""
    for selection in selections:
        if isinstance(selection, strawberry.types.nodes.SelectedField):
            if selection.name == name:
                return True
        elif selects(selection.selections, name):
            return True
    return False

"""Root queries of auth."""

import strawberry

from subgraphs.auth.graphql.info import Info
from subgraphs.auth.graphql.loaders import SessionsById
from subgraphs.auth.graphql.types import Session


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    async def current_session(self, info: Info) -> Session | None:
        """The session this request was made with; null for API keys and for nobody."""
        session_id = info.context.principal.session_id
        if session_id is None:
            return None
        row = await info.context.load(SessionsById, session_id)
        return Session.from_row(row) if row else None

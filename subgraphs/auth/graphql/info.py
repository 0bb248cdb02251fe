"""What every resolver of auth is handed."""

import strawberry

from common.graphql.context import Context
from subgraphs.auth.service.grants import Origin
from subgraphs.auth.service.parts import AuthParts

Info = strawberry.Info[Context[AuthParts], None]


def origin_of(info: Info) -> Origin:
    """Where the client is, as the front door saw it."""
    request = info.context.request
    return Origin(ip_address=request.client_address, user_agent=request.user_agent)

"""What every resolver of the domain is handed."""

import strawberry

from common.graphql.context import Context
from subgraphs.gateway.service.parts import GatewayParts

Info = strawberry.Info[Context[GatewayParts], None]

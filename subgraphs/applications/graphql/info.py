"""What every resolver of the domain is handed."""

import strawberry

from common.graphql.context import Context
from subgraphs.applications.service.parts import ApplicationsParts

Info = strawberry.Info[Context[ApplicationsParts], None]

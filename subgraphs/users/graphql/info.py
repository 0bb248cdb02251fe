"""What every resolver of the domain is handed."""

import strawberry

from common.graphql.context import Context
from subgraphs.users.service.parts import UsersParts

Info = strawberry.Info[Context[UsersParts], None]

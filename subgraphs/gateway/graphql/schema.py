"""The gateway domain's federation schema."""

from common.graphql.schema import build_schema
from common.graphql.user_errors import USER_ERRORS
from subgraphs.gateway.graphql.mutations import Mutation
from subgraphs.gateway.graphql.queries import Query
from subgraphs.gateway.graphql.refusals import CompositionRefusedError, DocumentsRefusedError

SCHEMA = build_schema(
    query=Query, mutation=Mutation, types=(*USER_ERRORS, CompositionRefusedError, DocumentsRefusedError)
)

"""The applications domain's federation schema."""

from common.graphql.schema import build_schema
from common.graphql.user_errors import USER_ERRORS
from subgraphs.applications.graphql.mutations import Mutation
from subgraphs.applications.graphql.queries import Query
from subgraphs.applications.graphql.types import Organization

SCHEMA = build_schema(query=Query, mutation=Mutation, types=(*USER_ERRORS, Organization))

"""The users domain's federation schema."""

from common.graphql.schema import build_schema
from common.graphql.user_errors import USER_ERRORS
from subgraphs.users.graphql.mutations import Mutation
from subgraphs.users.graphql.queries import Query
from subgraphs.users.graphql.subscriptions import Subscription

SCHEMA = build_schema(query=Query, mutation=Mutation, subscription=Subscription, types=USER_ERRORS)

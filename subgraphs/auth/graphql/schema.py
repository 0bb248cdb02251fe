"""Auth's federated schema."""

import strawberry
from strawberry.federation.schema_directives import Cost

from common.graphql.schema import build_schema
from common.graphql.user_errors import USER_ERRORS
from subgraphs.auth.graphql.mutations.api_key_create import api_key_create
from subgraphs.auth.graphql.mutations.api_key_revoke import api_key_revoke
from subgraphs.auth.graphql.mutations.api_key_rotate import api_key_rotate
from subgraphs.auth.graphql.mutations.password_change import password_change
from subgraphs.auth.graphql.mutations.password_set import password_set
from subgraphs.auth.graphql.mutations.session_revoke import session_revoke
from subgraphs.auth.graphql.mutations.session_revoke_all import session_revoke_all
from subgraphs.auth.graphql.mutations.sign_in import sign_in
from subgraphs.auth.graphql.mutations.sign_out import sign_out
from subgraphs.auth.graphql.mutations.token_refresh import token_refresh
from subgraphs.auth.graphql.queries import Query
from subgraphs.auth.graphql.types import Application, User

HASHING = Cost(weight=50)
"""A password's hash is meant to be dear."""


@strawberry.type
class Mutation:
    """What can be changed."""

    sign_in = strawberry.mutation(sign_in, directives=[HASHING])
    token_refresh = strawberry.mutation(token_refresh)
    sign_out = strawberry.mutation(sign_out)
    session_revoke = strawberry.mutation(session_revoke)
    session_revoke_all = strawberry.mutation(session_revoke_all)
    password_set = strawberry.mutation(password_set, directives=[HASHING])
    password_change = strawberry.mutation(password_change, directives=[HASHING])
    api_key_create = strawberry.mutation(api_key_create)
    api_key_rotate = strawberry.mutation(api_key_rotate)
    api_key_revoke = strawberry.mutation(api_key_revoke)


SCHEMA = build_schema(query=Query, mutation=Mutation, types=[User, Application, *USER_ERRORS])

"""Mutations of the applications domain, one file each."""

import strawberry

from subgraphs.applications.graphql.mutations.application_activate import (
    ApplicationActivatePayload,
    application_activate,
)
from subgraphs.applications.graphql.mutations.application_archive import (
    ApplicationArchivePayload,
    application_archive,
)
from subgraphs.applications.graphql.mutations.application_create import (
    ApplicationCreatePayload,
    application_create,
)
from subgraphs.applications.graphql.mutations.application_pause import (
    ApplicationPausePayload,
    application_pause,
)
from subgraphs.applications.graphql.mutations.application_remove import (
    ApplicationRemovePayload,
    application_remove,
)
from subgraphs.applications.graphql.mutations.application_update import (
    ApplicationUpdatePayload,
    application_update,
)
from subgraphs.applications.graphql.mutations.environment_create import (
    EnvironmentCreatePayload,
    environment_create,
)
from subgraphs.applications.graphql.mutations.environment_remove import (
    EnvironmentRemovePayload,
    environment_remove,
)
from subgraphs.applications.graphql.mutations.environment_update import (
    EnvironmentUpdatePayload,
    environment_update,
)


@strawberry.type
class Mutation:
    """What can be changed."""

    application_create: ApplicationCreatePayload = strawberry.mutation(resolver=application_create)
    application_update: ApplicationUpdatePayload = strawberry.mutation(resolver=application_update)
    application_activate: ApplicationActivatePayload = strawberry.mutation(resolver=application_activate)
    application_pause: ApplicationPausePayload = strawberry.mutation(resolver=application_pause)
    application_archive: ApplicationArchivePayload = strawberry.mutation(resolver=application_archive)
    application_remove: ApplicationRemovePayload = strawberry.mutation(resolver=application_remove)
    environment_create: EnvironmentCreatePayload = strawberry.mutation(resolver=environment_create)
    environment_update: EnvironmentUpdatePayload = strawberry.mutation(resolver=environment_update)
    environment_remove: EnvironmentRemovePayload = strawberry.mutation(resolver=environment_remove)

"""Mutations of the users domain, one file each."""

import strawberry

from subgraphs.users.graphql.mutations.invitation_accept import InvitationAcceptPayload, invitation_accept
from subgraphs.users.graphql.mutations.invitation_revoke import InvitationRevokePayload, invitation_revoke
from subgraphs.users.graphql.mutations.membership_invite import MembershipInvitePayload, membership_invite
from subgraphs.users.graphql.mutations.membership_remove import MembershipRemovePayload, membership_remove
from subgraphs.users.graphql.mutations.membership_role_set import (
    MembershipRoleSetPayload,
    membership_role_set,
)
from subgraphs.users.graphql.mutations.organization_create import (
    OrganizationCreatePayload,
    organization_create,
)
from subgraphs.users.graphql.mutations.organization_update import (
    OrganizationUpdatePayload,
    organization_update,
)
from subgraphs.users.graphql.mutations.role_create import RoleCreatePayload, role_create
from subgraphs.users.graphql.mutations.role_update import RoleUpdatePayload, role_update
from subgraphs.users.graphql.mutations.user_deactivate import UserDeactivatePayload, user_deactivate
from subgraphs.users.graphql.mutations.user_reactivate import UserReactivatePayload, user_reactivate
from subgraphs.users.graphql.mutations.user_suspend import UserSuspendPayload, user_suspend
from subgraphs.users.graphql.mutations.user_update import UserUpdatePayload, user_update


@strawberry.type
class Mutation:
    """What can be changed."""

    user_update: UserUpdatePayload = strawberry.mutation(
        resolver=user_update,
        description="Change one's own profile, or with `users:write` that of a member.",
    )
    user_suspend: UserSuspendPayload = strawberry.mutation(
        resolver=user_suspend,
        description="Lock out a member of this organization alone. Needs `users:write`.",
    )
    user_reactivate: UserReactivatePayload = strawberry.mutation(
        resolver=user_reactivate,
        description="Let a suspended or deactivated member in again. Needs `users:write`.",
    )
    user_deactivate: UserDeactivatePayload = strawberry.mutation(
        resolver=user_deactivate, description="Close one's own account."
    )
    organization_create: OrganizationCreatePayload = strawberry.mutation(
        resolver=organization_create,
        description="Found an organization and own it. Switch to it with `tokenRefresh`.",
    )
    organization_update: OrganizationUpdatePayload = strawberry.mutation(
        resolver=organization_update,
        description="Rename the current organization. Needs `organization:write`.",
    )
    membership_invite: MembershipInvitePayload = strawberry.mutation(
        resolver=membership_invite,
        description="Invite an e-mail address to the current organization. Needs `members:write`.",
    )
    invitation_accept: InvitationAcceptPayload = strawberry.mutation(
        resolver=invitation_accept,
        description=(
            "Join with the token of an invitation mail. A new person gets an account and a mail to set a"
            " password; somebody with an account signs in first."
        ),
    )
    invitation_revoke: InvitationRevokePayload = strawberry.mutation(
        resolver=invitation_revoke,
        description="Take an invitation back. Needs `members:write`.",
    )
    membership_remove: MembershipRemovePayload = strawberry.mutation(
        resolver=membership_remove,
        description="Leave the current organization, or remove a member with `members:write`.",
    )
    membership_role_set: MembershipRoleSetPayload = strawberry.mutation(
        resolver=membership_role_set,
        description="Give a member another role, neither stronger than oneself. Needs `members:write`.",
    )
    role_create: RoleCreatePayload = strawberry.mutation(
        resolver=role_create,
        description="Add a role to the current organization, not stronger than oneself. Needs `roles:write`.",
    )
    role_update: RoleUpdatePayload = strawberry.mutation(
        resolver=role_update,
        description="Change a role of the current organization. Needs `roles:write`.",
    )

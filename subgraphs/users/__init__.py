"""People, organisations, memberships, roles and invitations: who somebody is and what they may do where.

Entities: User, Organization, Membership, Role, Invitation. Published facts: UserCreated, UserUpdated,
UserSuspended, UserDeactivated, UserReactivated, OrganizationCreated, OrganizationUpdated,
MembershipGranted, MembershipChanged, MembershipRevoked, InvitationCreated, InvitationAccepted,
InvitationRevoked, RoleChanged. Passwords and sessions are auth's.
"""

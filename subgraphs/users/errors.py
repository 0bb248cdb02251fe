"""What can go wrong with people, organisations, roles and invitations; every code is stable."""

from uuid import UUID

from common.errors import DomainError, Kind


class UserNotActive(DomainError):
    """The person is suspended or deactivated."""

    code = "USER_NOT_ACTIVE"
    kind = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__("This person's account is not active.")


class UserStatusUnchanged(DomainError):
    """The account has this status already, or cannot go there from where it is."""

    code = "USER_STATUS_UNCHANGED"
    kind = Kind.CONFLICT

    def __init__(self, status: str) -> None:
        super().__init__(f"The account is {status} already.", path=("input", "id"))


class UserBelongsElsewhere(DomainError):
    """The person is a member of another organisation, too: this one alone cannot decide for all."""

    code = "USER_BELONGS_TO_ANOTHER_ORGANIZATION"
    kind = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__(
            "This person belongs to another organisation, too: remove their membership instead.",
            path=("input", "id"),
        )


class EmailTaken(DomainError):
    """Another account has this e-mail address."""

    code = "EMAIL_TAKEN"
    kind = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__("Another account has this e-mail address.", path=("input", "email"))


class EmailInvalid(DomainError):
    """This is no e-mail address that mail can be sent to."""

    code = "EMAIL_INVALID"
    kind = Kind.INVALID

    def __init__(self) -> None:
        super().__init__("This is not a valid e-mail address.", path=("input", "email"))


class AlreadyMember(DomainError):
    """The person belongs to the organisation already."""

    code = "ALREADY_A_MEMBER"
    kind = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__("This person is a member of the organisation already.", path=("input", "email"))


class OrganizationSlugTaken(DomainError):
    """Another organisation has this slug."""

    code = "ORGANIZATION_SLUG_TAKEN"
    kind = Kind.CONFLICT

    def __init__(self, slug: str) -> None:
        super().__init__(f"The slug {slug!r} is taken.", path=("input", "slug"))


class LastOwner(DomainError):
    """An organisation keeps at least one active owner."""

    code = "LAST_OWNER"
    kind = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__("The last active owner of an organisation stays: appoint another one first.")


class RoleKeyTaken(DomainError):
    """The organisation has a role with this key, or a system role has it."""

    code = "ROLE_KEY_TAKEN"
    kind = Kind.CONFLICT

    def __init__(self, key: str) -> None:
        super().__init__(f"There is a role {key!r} already.", path=("input", "key"))


class PermissionUnknown(DomainError):
    """A permission name that the registry does not have."""

    code = "PERMISSION_UNKNOWN"
    kind = Kind.INVALID

    def __init__(self, names: tuple[str, ...]) -> None:
        listed = ", ".join(name if name.isprintable() and len(name) <= 64 else "..." for name in names)
        super().__init__(f"There is no such permission: {listed}.", path=("input", "permissions"))


class InvitationPending(DomainError):
    """Somebody invited this address before, and the invitation still stands."""

    code = "INVITATION_ALREADY_PENDING"
    kind = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__("An invitation for this address is pending already.", path=("input", "email"))


class TooManyInvitations(DomainError):
    """The organisation invited as many people within an hour as it may."""

    code = "TOO_MANY_INVITATIONS"
    kind = Kind.CONFLICT

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"At most {limit} people can be invited within an hour: try again later.",
            extensions={"limit": limit},
        )


class InvitationUnknown(DomainError):
    """The token belongs to no invitation."""

    code = "INVITATION_UNKNOWN"
    kind = Kind.NOT_FOUND

    def __init__(self) -> None:
        super().__init__("This invitation does not exist.", path=("input", "token"))


class InvitationAlreadyUsed(DomainError):
    """An invitation is accepted once."""

    code = "INVITATION_ALREADY_USED"
    kind = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__("This invitation was used before.", path=("input", "token"))


class InvitationWithdrawn(DomainError):
    """The organisation took the invitation back."""

    code = "INVITATION_REVOKED"
    kind = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__("This invitation was revoked.", path=("input", "token"))


class InvitationExpired(DomainError):
    """The invitation was accepted too late."""

    code = "INVITATION_EXPIRED"
    kind = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__("This invitation has expired.", path=("input", "token"))


class InvitationForAnother(DomainError):
    """Signed in under another address than the invited one."""

    code = "INVITATION_FOR_ANOTHER_PERSON"
    kind = Kind.FORBIDDEN

    def __init__(self) -> None:
        super().__init__("This invitation is for another e-mail address than the one you are signed in with.")


class SignInRequired(DomainError):
    """The invited address has an account: its owner accepts, signed in."""

    code = "SIGN_IN_REQUIRED"
    kind = Kind.UNAUTHENTICATED

    def __init__(self) -> None:
        super().__init__("The invited address has an account: sign in with it, then accept.")


class NewPersonNeeded(DomainError):
    """The invited address has no account yet: joining makes one, which needs a name."""

    code = "NAME_NEEDED"
    kind = Kind.INVALID

    def __init__(self) -> None:
        super().__init__("Joining makes a new account: say under which name.", path=("input", "name"))


class OrganizationInactive(DomainError):
    """The organisation is suspended."""

    code = "ORGANIZATION_NOT_ACTIVE"
    kind = Kind.CONFLICT

    def __init__(self, organisation_id: UUID) -> None:
        super().__init__("This organisation is not active.")
        self.organisation_id = organisation_id

"""What can go wrong with applications and environments; every code is stable."""

from common.errors import DomainError, Kind


class ApplicationSlugTaken(DomainError):
    """The organisation has an application with this slug."""

    code = "APPLICATION_SLUG_TAKEN"
    kind = Kind.CONFLICT

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is an application {slug!r} already.", path=("input", "slug"))


class ApplicationStatusConflict(DomainError):
    """The application cannot go where it was sent from where it is."""

    code = "APPLICATION_STATUS_CONFLICT"
    kind = Kind.CONFLICT

    def __init__(self, status: str, wanted: str) -> None:
        super().__init__(
            f"An application that is {status} cannot become {wanted}.",
            path=("input", "id"),
            extensions={"status": status.upper()},
        )


class ApplicationArchivedAlready(DomainError):
    """An archived application cannot be changed."""

    code = "APPLICATION_ARCHIVED"
    kind = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__("This application is archived: it cannot be changed any more.")


class EnvironmentKeyTaken(DomainError):
    """The application has an environment with this key."""

    code = "ENVIRONMENT_KEY_TAKEN"
    kind = Kind.CONFLICT

    def __init__(self, key: str) -> None:
        super().__init__(f"There is an environment {key!r} already.", path=("input", "key"))


class EnvironmentProtected(DomainError):
    """A protected environment cannot be removed."""

    code = "ENVIRONMENT_PROTECTED"
    kind = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__("This environment is protected: unprotect it first.", path=("input", "id"))


class LastEnvironment(DomainError):
    """An application keeps at least one environment."""

    code = "LAST_ENVIRONMENT"
    kind = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__("An application keeps at least one environment.", path=("input", "id"))


class TooManyEnvironments(DomainError):
    """The application has as many environments as it may."""

    code = "TOO_MANY_ENVIRONMENTS"
    kind = Kind.CONFLICT

    def __init__(self, limit: int) -> None:
        super().__init__(f"An application has at most {limit} environments.", extensions={"limit": limit})

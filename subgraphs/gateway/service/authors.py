"""Who changes something and why, as it is kept with the change."""

from dataclasses import dataclass
from typing import Any

from common.access.principal import Principal, PrincipalKind
from common.errors import Unauthenticated
from subgraphs.gateway.models import AuthorKind
from subgraphs.gateway.service.wording import clean_git_revision, clean_reason

COMMAND_LINE = "command line"
"""How the author is called where the platform acts for nobody it knows."""
_KINDS = {
    PrincipalKind.USER: AuthorKind.USER,
    PrincipalKind.APPLICATION: AuthorKind.APPLICATION,
    PrincipalKind.SYSTEM: AuthorKind.SYSTEM,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """Why something is changed, and from which commit; `label` says which part of the platform acts."""

    reason: str = ""
    git_revision: str = ""
    label: str = ""

    def cleaned(self) -> "Purpose":
        """The same, checked; raises InvalidInput."""
        return Purpose(
            reason=clean_reason(self.reason),
            git_revision=clean_git_revision(self.git_revision),
            label=self.label,
        )


NO_PURPOSE = Purpose()


def authored(principal: Principal, purpose: Purpose) -> dict[str, Any]:
    """The columns that say who did it and why."""
    kind = _KINDS.get(principal.kind)
    if kind is None:
        raise Unauthenticated
    return {
        "author_kind": kind.value,
        "author_id": principal.id,
        "author_label": (purpose.label or COMMAND_LINE) if kind is AuthorKind.SYSTEM else "",
        "reason": purpose.reason,
    }

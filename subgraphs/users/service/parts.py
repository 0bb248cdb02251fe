"""What the users domain needs beside the platform's resources, joined in `app`."""

from dataclasses import dataclass

from common.mail import Mailer
from subgraphs.users.service.invitation_token import InvitationTokens
from subgraphs.users.settings import UsersSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class UsersParts:
    """Settings, the maker of invitation tokens and the way out for mail."""

    settings: UsersSettings
    tokens: InvitationTokens
    mailer: Mailer

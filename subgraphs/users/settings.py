"""What can be set for the users domain, read once by whoever joins the parts."""

from datetime import timedelta

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from common.settings import AtriumSettings


class UsersSettings(AtriumSettings):
    """How long invitations stand, how many an organisation sends, and where the links in their mails lead.

    `invitations_kept`: so long after its end an invitation, which holds an address, is forgotten.

    The link is a page that has `{token}` in it, best behind a `#` so that no server logs it. Without one
    the mail holds the token alone.
    """

    model_config = SettingsConfigDict(env_prefix="ATRIUM_USERS_")

    invitation_lifetime: timedelta = Field(
        default=timedelta(days=7),
        gt=timedelta(0),
        le=timedelta(days=90),
        description="How long an invitation stands.",
    )
    invitations_per_hour: int = Field(default=200, ge=1, description="Invitations of one organisation.")
    invitations_kept: timedelta = Field(
        default=timedelta(days=90),
        ge=timedelta(days=1),
        description="So long after its end an invitation, which holds an address, is forgotten.",
    )
    invitation_link: str | None = Field(
        default=None,
        description="A page that invitation mails lead to, with `{token}` in it, best behind a `#`; without "
        "one the mail holds the token alone.",
    )

    @field_validator("invitation_link")
    @classmethod
    def _has_a_place_for_the_token(cls, link: str | None) -> str | None:
        if link is not None and link.count("{token}") != 1:
            raise ValueError("the link needs {token} once")
        return link

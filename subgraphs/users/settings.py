"""What can be set for the users domain, read once by whoever joins the parts."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from common.settings import AtriumSettings


class UsersSettings(AtriumSettings):
    """Life of invitations, and where the links in invitation mails lead."""

    model_config = SettingsConfigDict(env_prefix="ATRIUM_USERS_")

    invitation_lifetime: timedelta = Field(default=timedelta(days=7), gt=timedelta(0), le=timedelta(days=90))
    invitation_link: str = "http://127.0.0.1:8000/invitation#{token}"

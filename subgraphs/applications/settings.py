"""What can be set for the applications domain, read once by whoever joins the parts."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from common.settings import AtriumSettings


class ApplicationsSettings(AtriumSettings):
    """How many environments one application may have."""

    model_config = SettingsConfigDict(env_prefix="ATRIUM_APPLICATIONS_")

    environments_per_application: int = Field(
        default=20, ge=3, le=100, description="Environments that one application may have."
    )

"""What can be set for traces."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from common.settings import AtriumSettings


class TraceSettings(AtriumSettings):
    """Where spans go, and which part of the traces that begin here is kept (`ATRIUM_TRACES_*`)."""

    model_config = SettingsConfigDict(env_prefix="ATRIUM_TRACES_", frozen=True, extra="ignore")

    endpoint: str | None = Field(
        default=None, description="Where spans go (OTLP over HTTP); without it nowhere."
    )
    sample: float = Field(default=1.0, ge=0, le=1, description="The part of the traces that is kept.")

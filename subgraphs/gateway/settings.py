"""What can be set for the gateway domain, read once by whoever joins the parts."""

from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import AtriumSettings


class GatewaySettings(AtriumSettings):
    """The key that signs artefacts, and how large graphs may become."""

    model_config = SettingsConfigDict(env_prefix="ATRIUM_GATEWAY_")

    artefact_key: SecretStr | None = Field(default=None, validation_alias="ATRIUM_ARTEFACT_KEY")
    largest_sdl: int = Field(default=4_000_000, ge=1_000, le=50_000_000)
    largest_graph: int = Field(default=16_000_000, ge=1_000, le=200_000_000)
    subgraphs_per_graph: int = Field(default=200, ge=1, le=1_000)
    contracts_per_graph: int = Field(default=20, ge=1, le=100)
    graphs_per_organization: int = Field(default=20, ge=1, le=1_000)
    compose_timeout: timedelta = Field(default=timedelta(seconds=60), gt=timedelta(0))
    compose_memory_mb: int = Field(default=2_000, ge=200)
    compose_at_once: int = Field(default=2, ge=1, le=16)

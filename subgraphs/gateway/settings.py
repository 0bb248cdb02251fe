"""What can be set for the gateway domain, read once by whoever joins the parts."""

from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import AtriumSettings


class GatewaySettings(AtriumSettings):
    """The key that signs artefacts, and how large graphs may become."""

    model_config = SettingsConfigDict(env_prefix="ATRIUM_GATEWAY_")

    artefact_key: SecretStr | None = Field(
        default=None,
        validation_alias="ATRIUM_ARTEFACT_KEY",
        description="With what the registry signs supergraphs; without it no router gets one from it.",
    )
    largest_sdl: int = Field(
        default=4_000_000, ge=1_000, le=50_000_000, description="Bytes of the schema of one subgraph."
    )
    largest_graph: int = Field(
        default=16_000_000,
        ge=1_000,
        le=200_000_000,
        description="Bytes of the schemas of all subgraphs of a graph together.",
    )
    subgraphs_per_graph: int = Field(
        default=200, ge=1, le=1_000, description="Subgraphs that one graph may have."
    )
    contracts_per_graph: int = Field(
        default=20, ge=1, le=100, description="Contracts that one graph may have."
    )
    graphs_per_organization: int = Field(
        default=20, ge=1, le=1_000, description="Graphs that one organisation may have."
    )
    compose_timeout: timedelta = Field(
        default=timedelta(seconds=60),
        gt=timedelta(0),
        description="What one composition may take; it runs in a process of its own.",
    )
    compose_memory_mb: int = Field(
        default=2_000, ge=200, description="Memory that one composition may take, in megabytes."
    )
    compose_at_once: int = Field(
        default=2, ge=1, le=16, description="Compositions at the same time in one process; the others wait."
    )

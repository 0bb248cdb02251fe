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
    clients_per_graph: int = Field(
        default=200,
        ge=1,
        le=10_000,
        description="Clients with operations of their own that a graph may have.",
    )
    versions_per_client: int = Field(
        default=200, ge=1, le=10_000, description="Versions of one client that are not retired."
    )
    documents_per_version: int = Field(
        default=5_000, ge=1, le=10_000, description="Documents that one version of a client may register."
    )
    largest_documents: int = Field(
        default=32_000_000,
        ge=1_000,
        le=48_000_000,
        description="Bytes of the texts of all documents of a graph together, each counted once.",
    )
    check_timeout: timedelta = Field(
        default=timedelta(seconds=60),
        gt=timedelta(0),
        description="What checking the documents of one publication may take, in a process of its own.",
    )
    operations_per_graph: int = Field(
        default=20_000,
        ge=1,
        le=1_000_000,
        description="Operations of a graph that are told apart in its usage; the others are counted as one.",
    )
    usage_per_hour: int = Field(
        default=20_000,
        ge=1,
        le=1_000_000,
        description="Operations by client and version that are told apart in one hour of a graph.",
    )
    usage_kept: timedelta = Field(
        default=timedelta(days=90), ge=timedelta(days=1), description="So long usage is kept."
    )
    retired_versions_kept: timedelta = Field(
        default=timedelta(days=90),
        ge=timedelta(days=1),
        description="So long after it was retired a client version can be seen.",
    )
    rate_limits_per_organization: int = Field(
        default=50, ge=1, le=1_000, description="Rate limits that an organization may set."
    )
    ip_rules_per_organization: int = Field(
        default=1_000, ge=1, le=10_000, description="IP rules that an organization may set."
    )

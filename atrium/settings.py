"""What processes read besides what is common to all and what belongs to a domain.

Light to import: a router alone must not load the domains to know its settings.
"""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import AtriumSettings, Environment, LogLevel


class CommandSettings(AtriumSettings):
    """What the command line takes from the environment by itself (`ATRIUM_*`)."""

    config: str | None = Field(
        default=None,
        description="The settings file; by default `atrium.yaml` in the working directory, if any.",
    )
    supergraph: str | None = Field(
        default=None, description="Supergraph SDL that a router alone serves, like `--supergraph`."
    )
    domain: str | None = Field(
        default=None, description="Which domain `atrium serve subgraph` serves, like its argument."
    )
    registry_url: str | None = Field(
        default=None, description="Where the gateway domain is served: a router alone follows it."
    )
    graph: str | None = Field(
        default=None,
        description="Which graph of the registry a router alone serves: `platform`, or its UUID.",
    )
    variant: str | None = Field(
        default=None, description="Which contract of that graph; by default the whole."
    )
    api_key: SecretStr | None = Field(
        default=None, description="Who asks, for `atrium schema publish` and its like with `--endpoint`."
    )


class RelaySettings(AtriumSettings):
    """How soon the relay hands over again what nobody has handled (`ATRIUM_RELAY_*`)."""

    model_config = SettingsConfigDict(env_prefix="ATRIUM_RELAY_")

    redeliver_after: timedelta = Field(
        default=timedelta(minutes=15),
        gt=timedelta(0),
        description="So long after publishing, an event that nobody has handled is handed on again.",
    )
    sweep: timedelta = Field(
        default=timedelta(minutes=1),
        gt=timedelta(0),
        description="How often the relay looks for such events.",
    )


class PlatformEnvironment(AtriumSettings):
    """What the platform in one process reads besides (`ATRIUM_*`).

    `router_key`: proves to HTTP subgraphs, which others have published, who asks; without it nothing does.
    """

    router_key: SecretStr | None = Field(
        default=None,
        description="The router's Ed25519 private key: with what it signs requests to subgraphs.",
    )


class RouterEnvironment(PlatformEnvironment):
    """What the router alone reads (`ATRIUM_*`); without `auth_url` everybody is anonymous."""

    environment: Environment = Field(
        default=Environment.PRODUCTION,
        validation_alias="ATRIUM_ENV",
        description="What kind of installation this is: development shows what helps attackers, too.",
    )
    log_level: LogLevel = Field(default="INFO", description="From which level on lines are logged.")
    auth_url: str | None = Field(
        default=None, description="Where auth is, for a router alone; without it everybody is anonymous."
    )
    auth_issuer: str = Field(default="atrium", description="`iss` of access tokens.")
    auth_audience: str = Field(default="atrium", description="`aud` of access tokens.")
    subgraph_urls: dict[str, str] = Field(
        default_factory=dict,
        description="Addresses by name, for a router alone, that replace those in the supergraph.",
    )
    artefact_public_keys: str = Field(
        default="", description="Whose signature counts on what the registry gives; with commas between."
    )
    data_folder: Path = Field(default=Path(".atrium"), description="Where everything lies that is kept.")


class SubgraphEnvironment(AtriumSettings):
    """What a domain alone reads (`ATRIUM_*`). Lists of keys have commas between."""

    router_public_keys: str = Field(description="Whose signature counts at `/graphql` of a domain alone.")
    platform_public_keys: str = Field(
        default="", description="Whose signature counts at the internal routes of a domain alone, besides."
    )
    platform_key: SecretStr | None = Field(
        default=None, description="With what a domain alone signs its own questions to others."
    )
    directory_urls: dict[str, str] = Field(
        default_factory=dict,
        description="Addresses by name of the domains it asks, if not `http://NAME:4000`.",
    )


PROCESSES: tuple[type[AtriumSettings], ...] = (
    CommandSettings,
    RelaySettings,
    PlatformEnvironment,
    RouterEnvironment,
    SubgraphEnvironment,
)
"""Every settings value of this module."""

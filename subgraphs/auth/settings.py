"""What an operator may set about signing in, tokens and keys."""

from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import AtriumSettings, Environment


class AuthSettings(AtriumSettings):
    """Auth's own settings (`ATRIUM_AUTH_*`).

    `secret` (32 characters or more) seals signing keys and peppers the hashes of API keys; without one the
    platform's secret is used. To replace it, move the old value to `previous_secrets`: what it sealed still
    opens, and keys made under it still work.
    """

    model_config = SettingsConfigDict(env_prefix="ATRIUM_AUTH_")

    secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Seals the keys that sign tokens, peppers the hashes of API keys; else the platform's.",
    )
    previous_secrets: tuple[SecretStr, ...] = Field(
        default=(),
        description="Secrets that it replaced: what they sealed still opens, their keys still work.",
    )

    environment: Environment = Field(
        default=Environment.PRODUCTION,
        validation_alias="ATRIUM_ENV",
        description="What kind of installation this is.",
    )
    issuer: str = Field(default="atrium", description="`iss` of access tokens.")
    audience: str = Field(default="atrium", description="`aud` of access tokens.")
    # Routers remember revoked sessions for 15 minutes: no access token may live longer.
    access_token_lifetime: timedelta = Field(
        default=timedelta(minutes=5),
        ge=timedelta(seconds=10),
        le=timedelta(minutes=15),
        description="How long an access token is good.",
    )
    refresh_grace: timedelta = Field(
        default=timedelta(seconds=30),
        ge=timedelta(0),
        le=timedelta(minutes=5),
        description="So long a refresh token that was just used may come again.",
    )
    session_idle_lifetime: timedelta = Field(
        default=timedelta(days=14),
        ge=timedelta(minutes=15),
        description="A session ends when it was not used for so long.",
    )
    session_lifetime: timedelta = Field(
        default=timedelta(days=90),
        ge=timedelta(minutes=15),
        description="A session ends after so long in any case.",
    )
    signing_key_period: timedelta = Field(
        default=timedelta(days=30),
        ge=timedelta(hours=1),
        description="How long one key signs; the next is published as long before.",
    )

    password_link_lifetime: timedelta = Field(
        default=timedelta(days=3), ge=timedelta(minutes=5), description="Of the link that sets a password."
    )
    password_page_url: str | None = Field(
        default=None,
        description="The page that this link leads to; without it the mail holds the token alone.",
    )
    argon2_memory_kib: int = Field(default=47104, ge=8, description="Memory of one password's hash.")
    argon2_passes: int = Field(default=1, ge=1, description="Passes over that memory.")
    argon2_lanes: int = Field(default=1, ge=1, description="Threads of one hash.")
    argon2_at_once: int = Field(
        default=2, ge=1, description="Passwords that one process checks at the same time."
    )

    throttle_window: timedelta = Field(
        default=timedelta(minutes=15),
        ge=timedelta(seconds=1),
        description="The time in which tried passwords are counted.",
    )
    throttle_per_account: int = Field(
        default=10, ge=1, description="Passwords tried for one account from one network."
    )
    throttle_per_network: int = Field(
        default=200, ge=1, description="Passwords tried from one network in all."
    )

    api_key_label_given: str | None = Field(
        default=None,
        pattern=r"^[a-z]{1,8}$",
        validation_alias="ATRIUM_AUTH_API_KEY_LABEL",
        description="What keys begin with after `atr_`; by default `live`, in development `dev`.",
    )
    api_key_usage_interval: timedelta = Field(
        default=timedelta(seconds=10),
        ge=timedelta(seconds=1),
        description="How often the last use of keys is written down.",
    )

    @property
    def api_key_label(self) -> str:
        """What a key begins with after `atr_`: a person should see which installation it opens."""
        if self.api_key_label_given is not None:
            return self.api_key_label_given
        return "dev" if self.environment is Environment.DEVELOPMENT else "live"

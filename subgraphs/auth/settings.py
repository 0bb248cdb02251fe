"""What an operator may set about signing in, tokens and keys."""

from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import AtriumSettings


class AuthSettings(AtriumSettings):
    """Auth's own settings (`ATRIUM_AUTH_*`).

    `secret` (32 characters or more) seals signing keys and peppers the hashes of API keys; without one the
    platform's secret is used. To replace it, move the old value to `previous_secrets`: what it sealed still
    opens, and keys made under it still work.
    """

    model_config = SettingsConfigDict(env_prefix="ATRIUM_AUTH_")

    secret: SecretStr | None = Field(default=None, min_length=32)
    previous_secrets: tuple[SecretStr, ...] = ()

    issuer: str = "atrium"
    audience: str = "atrium"
    access_token_lifetime: timedelta = timedelta(minutes=5)
    refresh_grace: timedelta = timedelta(seconds=30)
    session_idle_lifetime: timedelta = timedelta(days=14)
    session_lifetime: timedelta = timedelta(days=90)
    signing_key_period: timedelta = timedelta(days=30)

    password_link_lifetime: timedelta = timedelta(days=3)
    password_page_url: str | None = None
    argon2_memory_kib: int = Field(default=47104, ge=8)
    argon2_passes: int = Field(default=1, ge=1)
    argon2_lanes: int = Field(default=1, ge=1)
    argon2_at_once: int = Field(default=2, ge=1)

    throttle_window: timedelta = timedelta(minutes=15)
    throttle_per_account: int = Field(default=10, ge=1)
    throttle_per_network: int = Field(default=200, ge=1)

    api_key_label: str = Field(default="live", pattern=r"^[a-z]{1,8}$")
    api_key_usage_interval: timedelta = timedelta(seconds=10)

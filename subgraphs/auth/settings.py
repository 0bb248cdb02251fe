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

    secret: SecretStr | None = Field(default=None, min_length=32)
    previous_secrets: tuple[SecretStr, ...] = ()

    environment: Environment = Field(default=Environment.PRODUCTION, validation_alias="ATRIUM_ENV")
    issuer: str = "atrium"
    audience: str = "atrium"
    # Routers remember revoked sessions for 15 minutes: no access token may live longer.
    access_token_lifetime: timedelta = Field(
        default=timedelta(minutes=5), ge=timedelta(seconds=10), le=timedelta(minutes=15)
    )
    refresh_grace: timedelta = Field(default=timedelta(seconds=30), ge=timedelta(0), le=timedelta(minutes=5))
    session_idle_lifetime: timedelta = Field(default=timedelta(days=14), ge=timedelta(minutes=15))
    session_lifetime: timedelta = Field(default=timedelta(days=90), ge=timedelta(minutes=15))
    signing_key_period: timedelta = Field(default=timedelta(days=30), ge=timedelta(hours=1))

    password_link_lifetime: timedelta = Field(default=timedelta(days=3), ge=timedelta(minutes=5))
    password_page_url: str | None = None
    argon2_memory_kib: int = Field(default=47104, ge=8)
    argon2_passes: int = Field(default=1, ge=1)
    argon2_lanes: int = Field(default=1, ge=1)
    argon2_at_once: int = Field(default=2, ge=1)

    throttle_window: timedelta = Field(default=timedelta(minutes=15), ge=timedelta(seconds=1))
    throttle_per_account: int = Field(default=10, ge=1)
    throttle_per_network: int = Field(default=200, ge=1)

    api_key_label_given: str | None = Field(
        default=None, pattern=r"^[a-z]{1,8}$", validation_alias="ATRIUM_AUTH_API_KEY_LABEL"
    )
    api_key_usage_interval: timedelta = Field(default=timedelta(seconds=10), ge=timedelta(seconds=1))

    @property
    def api_key_label(self) -> str:
        """What a key begins with after `atr_`: a person should see which installation it opens."""
        if self.api_key_label_given is not None:
            return self.api_key_label_given
        return "dev" if self.environment is Environment.DEVELOPMENT else "live"

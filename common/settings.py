"""The environment as frozen values, read once by whoever joins the parts."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSetting

PREFIX = "ATRIUM_"
APP_LOGIN = "atrium_app"

SettingsT = TypeVar("SettingsT", bound="AtriumSettings")


class SettingsError(Exception):
    """The environment cannot be used; the message is one clear line and shows no value."""


class Environment(StrEnum):
    """What kind of installation this is."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


def asyncpg_url(url: str) -> str:
    """The same address, spelled for SQLAlchemy with asyncpg.

    "postgresql://u@h/d" becomes "postgresql+asyncpg://u@h/d"
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.partition("+")[0] not in {"postgresql", "postgres"}:
        raise ValueError("a PostgreSQL address starts with postgresql://")
    return f"postgresql+asyncpg://{rest}"


def plain_url(url: str) -> str:
    """The same address, spelled for asyncpg itself and for libpq."""
    return f"postgresql://{asyncpg_url(url).partition('://')[2]}"


def login_url(url: str, login: str, password: str | None) -> str:
    """The same server and database, another login."""
    parts = urlsplit(url)
    account = login if password is None else f"{login}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{account}@{parts.netloc.rpartition('@')[2]}"))


PostgresUrl = Annotated[str, AfterValidator(asyncpg_url)]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
    BeforeValidator(lambda text: text.upper() if isinstance(text, str) else text),
]


class AtriumSettings(BaseSettings):
    """Base of every settings value: frozen, from `ATRIUM_*` variables only."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True
    )


class CommonSettings(AtriumSettings):
    """What every process that serves or works for a domain needs."""

    environment: Environment = Field(
        default=Environment.PRODUCTION,
        validation_alias="ATRIUM_ENV",
        description="What kind of installation this is: development shows what helps attackers, too.",
    )
    database_url: PostgresUrl = Field(
        validation_alias="DATABASE_URL",
        description="PostgreSQL 15 or newer; `atrium migrate` needs a login that is a superuser, or has "
        "CREATEROLE and owns the database.",
    )
    database_app_url_given: PostgresUrl | None = Field(
        default=None,
        validation_alias="ATRIUM_DATABASE_APP_URL",
        description="Where the parts log in as `atrium_app`, if not at the address above: a pooler, say.",
    )
    database_direct_url_given: PostgresUrl | None = Field(
        default=None,
        validation_alias="ATRIUM_DATABASE_DIRECT_URL",
        description="The same login past any pooler: the relay's lock needs a session of its own.",
    )
    database_app_password: SecretStr | None = Field(
        default=None,
        description="The password of the login `atrium_app`, which owns nothing; `atrium migrate` sets it.",
    )
    database_pool_size: int = Field(
        default=10, ge=1, le=60, description="Connections to PostgreSQL of one process."
    )
    redis_url: str = Field(
        validation_alias="REDIS_URL",
        description="Redis 6.2 or newer, with `maxmemory-policy noeviction` and AOF.",
    )
    redis_broker_url_given: str | None = Field(
        default=None,
        validation_alias="ATRIUM_REDIS_BROKER_URL",
        description="Where tasks wait, if not in the Redis above; this one must not evict.",
    )
    secret: SecretStr = Field(
        min_length=32, description="The same everywhere: seals keys, cursors and invitations."
    )
    data_folder: Path = Field(default=Path(".atrium"), description="Where everything lies that is kept.")
    log_level: LogLevel = Field(default="INFO", description="From which level on lines are logged.")

    @property
    def is_development(self) -> bool:
        """Introspection, explorer and demo data are on."""
        return self.environment is Environment.DEVELOPMENT

    @property
    def database_app_url(self) -> str:
        """Where the application logs in: as the login that owns nothing."""
        if self.database_app_url_given is not None:
            return self.database_app_url_given
        password = self.database_app_password
        return login_url(self.database_url, APP_LOGIN, password.get_secret_value() if password else None)

    @property
    def database_direct_url(self) -> str:
        """Like `database_app_url`, past any pooler: LISTEN and locks need a session of their own."""
        return self.database_direct_url_given or self.database_app_url

    @property
    def redis_broker_url(self) -> str:
        """Where tasks wait."""
        return self.redis_broker_url_given or self.redis_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One thing that is wrong with the settings: which variable, and what would fit."""

    variable: str
    message: str
    is_missing: bool = False

    def __str__(self) -> str:
        return f"{self.variable}: {self.message}"


def load(settings: type[SettingsT], **given: Any) -> SettingsT:
    """The settings from the environment (`given` goes before it); raises SettingsError with one line."""
    try:
        return settings(**given)
    except ValidationError as error:
        raise SettingsError("; ".join(sorted(map(str, _wrong(settings, error))))) from error
    except UnreadableSetting as error:  # its message names the field and shows no value
        raise SettingsError(f"{settings.__name__}: {error}") from error


def problems_of(settings: type[AtriumSettings], given: Mapping[str, Any]) -> Sequence[Wrong]:
    """What is wrong with the given values, by their variables; what others there must be is no matter."""
    by_variable = {variable_of(settings, name): name for name in settings.model_fields}
    values = {by_variable[name]: value for name, value in given.items() if name in by_variable}
    try:
        settings(**values)
    except ValidationError as error:
        return [wrong for wrong in _wrong(settings, error) if wrong.variable in given]
    except UnreadableSetting:
        return []  # another value, of the environment
    return []


def _wrong(settings: type[AtriumSettings], error: ValidationError) -> Sequence[Wrong]:
    return [
        Wrong(
            variable=_variable(settings, each["loc"]),
            message=each["msg"],
            is_missing=each["type"] == "missing",
        )
        for each in error.errors(include_input=False)
    ]


def variables_of(settings: type[AtriumSettings]) -> frozenset[str]:
    """Every environment variable a settings class reads."""
    return frozenset(variable_of(settings, name) for name in settings.model_fields)


def variable_of(settings: type[AtriumSettings], name: str) -> str:
    """The environment variable of one field."""
    return _variable(settings, (name,))


def refuse_unknown(environment: Mapping[str, str], known: Iterable[type[AtriumSettings]]) -> None:
    """Raise SettingsError if an `ATRIUM_*` variable is set that nobody reads: most likely a typo."""
    names = frozenset[str]().union(*(variables_of(settings) for settings in known))
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in names)
    if unknown:
        raise SettingsError("; ".join(_unknown(name, names) for name in unknown))


def _unknown(name: str, names: frozenset[str]) -> str:
    near = difflib.get_close_matches(name, sorted(names), n=1)
    return f"{name} is not a setting" + (f", did you mean {near[0]}?" if near else "")


def _variable(settings: type[AtriumSettings], location: tuple[int | str, ...]) -> str:
    name = str(location[0]) if location else ""
    field = settings.model_fields.get(name)
    if field is None:
        return name
    if isinstance(field.validation_alias, str):
        return field.validation_alias
    return f"{settings.model_config.get('env_prefix', '')}{name}".upper()

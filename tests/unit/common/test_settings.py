"""Settings: addresses in the drivers' spelling, problems in one line, secrets never shown."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import (
    AtriumSettings,
    CommonSettings,
    Environment,
    SettingsError,
    asyncpg_url,
    load,
    login_url,
    plain_url,
    refuse_unknown,
    variables_of,
)

SECRET = "x" * 40


class NotesSettings(AtriumSettings):
    """A domain's settings."""

    model_config = SettingsConfigDict(env_prefix="ATRIUM_NOTES_")

    lifetime: timedelta = timedelta(days=1)
    pepper: SecretStr = SecretStr("salt")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The least that must be set."""
    for name in variables_of(CommonSettings):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://admin:pw@db.example/atrium?sslmode=require")
    monkeypatch.setenv("REDIS_URL", "redis://cache.example/0")
    monkeypatch.setenv("ATRIUM_SECRET", SECRET)
    return monkeypatch


@pytest.mark.parametrize(
    "given",
    ["postgresql://u@h/d", "postgres://u@h/d", "postgresql+asyncpg://u@h/d", "postgresql+psycopg://u@h/d"],
)
def test_addresses_are_spelled_for_the_driver(given: str) -> None:
    assert (asyncpg_url(given), plain_url(given)) == ("postgresql+asyncpg://u@h/d", "postgresql://u@h/d")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("postgresql://admin:pw@h:5432/d", "postgresql://atrium_app:p%40ss%2Fw@h:5432/d"),
        ("postgresql://h/d", "postgresql://atrium_app:p%40ss%2Fw@h/d"),
        ("postgresql://a@/d?host=/run/x&port=1", "postgresql://atrium_app:p%40ss%2Fw@/d?host=/run/x&port=1"),
        ("postgresql://a@[::1]:5/d", "postgresql://atrium_app:p%40ss%2Fw@[::1]:5/d"),
    ],
)
def test_another_login_of_the_same_server(given: str, expected: str) -> None:
    assert login_url(given, "atrium_app", "p@ss/w") == expected


def test_the_environment_is_read_with_safe_defaults(environment: pytest.MonkeyPatch) -> None:
    settings = load(CommonSettings)

    assert settings.environment is Environment.PRODUCTION
    assert settings.database_url == "postgresql+asyncpg://admin:pw@db.example/atrium?sslmode=require"
    assert settings.database_app_url.startswith("postgresql+asyncpg://atrium_app@db.example/")
    assert settings.database_direct_url == settings.database_app_url
    assert settings.redis_broker_url == settings.redis_url
    assert SECRET not in repr(settings)


def test_what_is_given_apart_goes_before_what_follows(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ATRIUM_ENV", "development")
    environment.setenv("ATRIUM_DATABASE_APP_PASSWORD", "s3cret")
    environment.setenv("ATRIUM_DATABASE_DIRECT_URL", "postgresql://direct/atrium")
    environment.setenv("ATRIUM_REDIS_BROKER_URL", "redis://broker.example/0")
    environment.setenv("ATRIUM_DATA_FOLDER", "/var/lib/atrium")

    settings = load(CommonSettings)

    assert settings.is_development
    assert "atrium_app:s3cret@db.example" in settings.database_app_url
    assert settings.database_direct_url == "postgresql+asyncpg://direct/atrium"
    assert settings.redis_broker_url == "redis://broker.example/0"
    assert settings.data_folder == Path("/var/lib/atrium")


def test_every_problem_is_named_in_one_line_without_its_value(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", "mysql://root:hunter2@h/d")
    environment.setenv("ATRIUM_SECRET", "hunter2")
    environment.delenv("REDIS_URL")

    with pytest.raises(SettingsError) as refused:
        load(CommonSettings)

    message = str(refused.value)
    assert "hunter2" not in message
    assert "\n" not in message
    assert [name in message for name in ("ATRIUM_SECRET", "DATABASE_URL", "REDIS_URL")] == [True] * 3


def test_settings_cannot_be_changed(environment: pytest.MonkeyPatch) -> None:
    settings = load(CommonSettings)

    with pytest.raises(ValueError, match="frozen"):
        settings.log_level = "DEBUG"


def test_a_domain_has_a_prefix_of_its_own(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ATRIUM_NOTES_LIFETIME", "PT1H")

    assert load(NotesSettings).lifetime == timedelta(hours=1)
    assert variables_of(NotesSettings) == {"ATRIUM_NOTES_LIFETIME", "ATRIUM_NOTES_PEPPER"}


def test_a_misspelled_setting_is_named_with_what_was_meant() -> None:
    environment = {"ATRIUM_NOTES_LIFETIM": "1", "ATRIUM_SECRET": SECRET, "PATH": "/bin"}

    with pytest.raises(SettingsError) as refused:
        refuse_unknown(environment, [CommonSettings, NotesSettings])

    assert str(refused.value) == "ATRIUM_NOTES_LIFETIM is not a setting, did you mean ATRIUM_NOTES_LIFETIME?"


def test_known_settings_pass() -> None:
    refuse_unknown({"ATRIUM_ENV": "production", "ATRIUM_NOTES_PEPPER": "x"}, [CommonSettings, NotesSettings])

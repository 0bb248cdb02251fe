"""Auth's settings as the environment gives them."""

import pytest

from common.settings import SettingsError, load
from subgraphs.auth.settings import AuthSettings


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ATRIUM_ENV", "ATRIUM_AUTH_API_KEY_LABEL", "ATRIUM_AUTH_SECRET"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("environment", "label"), [({}, "live"), ({"ATRIUM_ENV": "development"}, "dev")])
def test_a_key_shows_what_kind_of_installation_it_opens(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], label: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert load(AuthSettings).api_key_label == label


def test_an_installation_may_label_its_keys_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATRIUM_AUTH_API_KEY_LABEL", "staging")

    assert load(AuthSettings).api_key_label == "staging"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ATRIUM_AUTH_API_KEY_LABEL", "with_underscore"),
        ("ATRIUM_AUTH_API_KEY_LABEL", "far-too-long-for-this"),
        ("ATRIUM_AUTH_SECRET", "short"),
        ("ATRIUM_AUTH_THROTTLE_PER_ACCOUNT", "0"),
        ("ATRIUM_AUTH_ACCESS_TOKEN_LIFETIME", "PT16M"),
        ("ATRIUM_AUTH_SESSION_LIFETIME", "-PT1H"),
    ],
)
def test_what_cannot_work_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=name) as refused:
        load(AuthSettings)
    assert value not in str(refused.value) or value == "0"


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "a secret that nobody may ever read"
    monkeypatch.setenv("ATRIUM_AUTH_SECRET", secret)
    monkeypatch.setenv("ATRIUM_AUTH_PREVIOUS_SECRETS", f'["{secret}"]')

    assert secret not in repr(load(AuthSettings))

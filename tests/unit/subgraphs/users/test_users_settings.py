"""Settings of the users domain."""

import pytest

from common.settings import SettingsError, load
from subgraphs.users.settings import UsersSettings


def test_a_link_needs_a_place_for_the_token() -> None:
    assert load(UsersSettings, invitation_link="https://a.example/#{token}").invitation_link
    assert load(UsersSettings).invitation_link is None
    with pytest.raises(SettingsError, match="INVITATION_LINK"):
        load(UsersSettings, invitation_link="https://a.example/")


def test_a_life_is_positive_and_bounded() -> None:
    for wrong in ("0", "-1", "P91D"):
        with pytest.raises(SettingsError):
            load(UsersSettings, invitation_lifetime=wrong)

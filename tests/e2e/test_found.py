"""An installation without demo data begins with `atrium found`."""

import subprocess
from pathlib import Path

import pytest

from tests.e2e.running import ATRIUM, Platform, clean_environment
from tests.e2e.test_newcomer import NEW_PASSWORD, change, mail_to, sign_in, token_in

pytestmark = pytest.mark.platform


def _found(platform: Platform, email: str, slug: str) -> "subprocess.CompletedProcess[str]":
    who = ["--email", email, "--name", "Ada", "--organization", "Engines", "--slug", slug]
    return subprocess.run(
        [ATRIUM, "found", *who, "--data", platform.data],
        capture_output=True,
        text=True,
        check=False,
        env=clean_environment(),
    )


def test_the_founder_gets_a_link_and_owns_the_organization(platform: Platform, tmp_path: Path) -> None:
    done = _found(platform, "Ada@Engines.example", "engines")
    assert done.returncode == 0, done.stderr

    with platform.connection() as connection:
        link = token_in(mail_to(platform, "Ada@Engines.example", "Choose your Atrium password"))
        change(connection, "passwordSet user { id }", {"token": link, "password": NEW_PASSWORD})
        token = sign_in(connection, "ada@engines.example", NEW_PASSWORD)[0]["accessToken"]
        asked = connection.graphql(
            "{ organization { slug } viewer { memberships { role { key } } } }", token=token
        )

    assert asked.data["organization"] == {"slug": "engines"}
    assert asked.data["viewer"]["memberships"] == [{"role": {"key": "owner"}}]


def test_what_is_taken_is_refused_in_one_line_and_leaves_nothing(platform: Platform) -> None:
    first = _found(platform, "first@taken.example", "taken")
    second = _found(platform, "second@taken.example", "taken")
    third = _found(platform, "second@taken.example", "free")

    assert first.returncode == 0
    assert second.returncode == 1
    assert second.stderr.startswith("atrium: ")
    assert second.stderr.count("\n") == 1
    assert third.returncode == 0, third.stderr

"""The console shows who says what, and hears only the parent once everything stops."""

import io
from pathlib import Path

from atrium.banner import banner
from atrium.console import Console
from atrium.demo_people import ORGANISATIONS, PASSWORD
from atrium.folder import data_folder


def test_every_line_says_who_speaks() -> None:
    stream = io.StringIO()

    Console(stream).say("web-1", "hello")

    assert stream.getvalue() == "web-1   | hello\n"


def test_when_it_is_quiet_only_the_parent_is_heard() -> None:
    stream = io.StringIO()
    console = Console(stream)

    console.quiet("Stopping ...")
    console.say("web-1", "connection lost")
    console.say("atrium", "Stopped.")

    assert stream.getvalue().splitlines() == ["atrium  | Stopping ...", "atrium  | Stopped."]


def test_the_banner_shows_demo_logins_in_development_only(tmp_path: Path) -> None:
    folder = data_folder(tmp_path)
    owner = ORGANISATIONS[0].people[0].email

    development = banner("http://127.0.0.1:1", folder, {"ATRIUM_ENV": "development"}, 1.0)
    production = banner("http://127.0.0.1:1", folder, {}, 1.0)

    assert owner in development
    assert PASSWORD in development
    assert owner not in production
    assert PASSWORD not in production
    assert "http://127.0.0.1:1/graphql" in production


def test_a_terminal_that_is_gone_stops_nothing() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error")

    Console(Gone()).say("atrium", "hello")

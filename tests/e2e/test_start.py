"""Starting and stopping: what the banner says, what runs, what is left when it has ended."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from atrium.demo_people import ORGANISATIONS, PASSWORD
from tests.e2e.running import ATRIUM, Platform, clean_environment, group_of, started, until

pytestmark = pytest.mark.platform

OWNER = ORGANISATIONS[0].people[0].email
_SECOND_START = 5.0
_FOREIGN = ("postgres", "redis", "node")


def test_the_banner_says_where_everything_is(platform: Platform) -> None:
    for words in ("/graphql", "Explorer", "Mail", "Data", "Logs", OWNER, PASSWORD):
        assert words in platform.banner


def test_a_demo_login_works(platform: Platform) -> None:
    token = platform.sign_in(OWNER, PASSWORD)

    answer = platform.graphql("{ viewer { email } }", token=token)

    assert answer.data == {"viewer": {"email": OWNER}}


def test_the_default_start_runs_only_what_the_wheels_brought(platform: Platform) -> None:
    running = platform.processes()
    names = {os.path.basename(program) for program in running.values()}

    assert {"postgres", "redis-server"} <= names
    for pid, program in running.items():
        if any(word in os.path.basename(program) for word in _FOREIGN):
            assert "/site-packages/" in program, f"process {pid} runs {program}"


def test_ready_and_alive(platform: Platform) -> None:
    with platform.connection() as connection:
        assert connection.send("GET", "/healthz").status == 200
        assert connection.send("GET", "/readyz").status == 200


def test_public_keys_pass_through_the_router(platform: Platform) -> None:
    with platform.connection() as connection:
        answer = connection.send("GET", "/.well-known/jwks.json")

    assert answer.status == 200
    assert answer.json["keys"]


def test_ctrl_c_ends_everything_and_the_second_start_is_quick_and_finds_the_data(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with started(data) as first:
        token = first.sign_in(OWNER, PASSWORD)
        create = """mutation ($input: OrganizationCreateInput!) {
          organizationCreate(input: $input) { organization { id } errors { __typename message } }
        }"""
        made = first.graphql(create, {"input": {"name": "Kept", "slug": "kept"}}, token=token)
        id = made.data["organizationCreate"]["organization"]["id"]
        leader = first.process.pid
        first.interrupt()
        assert first.process.wait(30) == 0
        assert group_of(leader) == []
        assert "Traceback" not in first.log

    with started(data) as second:
        token = second.sign_in(OWNER, PASSWORD)
        read = "query ($id: ID!) { organization(id: $id) { name } }"
        assert second.graphql(read, {"id": id}, token=token).data == {"organization": {"name": "Kept"}}
        quickest = _own_seconds(second)
    for _ in range(2):  # the best of three: the machine may have other things to do
        if quickest < _SECOND_START:
            break
        with started(data) as again:
            quickest = min(quickest, _own_seconds(again))
    assert quickest < _SECOND_START


def _own_seconds(platform: Platform) -> float:
    return platform.seconds - platform.seconds_waited_for_a_processor()


def test_nothing_is_left_of_a_killed_parent_and_the_next_start_recovers(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with started(data) as first:
        leader = first.process.pid
        first.process.kill()
        first.process.wait()
        until(lambda: group_of(leader) == [], what="the end of all children")

    with started(data) as second:
        assert second.sign_in(OWNER, PASSWORD)


def test_a_second_platform_on_the_same_data_is_refused(platform: Platform, tmp_path: Path) -> None:
    data = platform.banner.partition("Data")[2].split()[0]

    done = subprocess.run(
        [ATRIUM, "up", "--port", "0", "--data", data],
        capture_output=True,
        text=True,
        check=False,
        env=clean_environment(),
        timeout=120,
    )

    assert done.returncode == 1
    assert f"in use by another Atrium (process {platform.process.pid})" in done.stderr


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        done = subprocess.run(
            [ATRIUM, "up", "--port", str(port), "--data", str(tmp_path / "data")],
            capture_output=True,
            text=True,
            check=False,
            env=clean_environment(),
            timeout=120,
        )

    assert done.returncode == 1
    assert (
        done.stderr
        == f"atrium: Port {port} on 127.0.0.1 is taken by another program; choose one with --port.\n"
    )
    assert not (tmp_path / "data" / "postgres").exists()


def test_a_crashed_web_process_is_replaced(tmp_path: Path) -> None:
    with started(tmp_path / "data", "--no-demo") as running:
        web = running.process_called("web-1")

        os.kill(web, signal.SIGKILL)

        until(lambda: "web-1 is ready again" in running.log, seconds=60, what="the new web process")
        assert running.graphql("{ __typename }").data == {"__typename": "Query"}
        assert running.process_called("web-1") != web

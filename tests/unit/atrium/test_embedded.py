"""The embedded stores are real servers: they start, recover, refuse a second owner, end with their parent."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
import redis.asyncio

from atrium.embedded import EmbeddedPostgres, EmbeddedRedis, EmbeddedStores, FolderInUse
from atrium.store_process import StoreFailed

pytestmark = pytest.mark.stores

_OWNER = """
import sys, time
from pathlib import Path
from atrium.embedded import EmbeddedStores
stores = EmbeddedStores(Path(sys.argv[1]), durable=False)
stores.start()
print(stores.postgres.pid, stores.redis.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[EmbeddedStores]:
    made = EmbeddedStores(tmp_path / "data", durable=False)
    made.start()
    yield made
    made.stop()


async def test_both_answer_and_use_the_binaries_of_the_wheels(stores: EmbeddedStores) -> None:
    connection = await asyncpg.connect(stores.postgres.url)
    version = await connection.fetchval("show server_version")
    await connection.close()
    client = redis.asyncio.from_url(stores.redis.url)
    info = await client.info("server")
    await client.aclose()

    assert version.startswith("18.")
    assert info["redis_version"].startswith("6.2.")
    for pid in (stores.postgres.pid, stores.redis.pid):
        assert "site-packages" in os.readlink(f"/proc/{pid}/exe")
        assert os.getpgid(pid or 0) == os.getpgrp()


async def test_committed_rows_survive_a_crash(postgres_server: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(postgres_server.url)
    await connection.execute("create table kept (id int)")
    await connection.execute("insert into kept values (1)")

    postgres_server.kill()
    with pytest.raises((OSError, asyncpg.PostgresError)):
        await asyncpg.connect(postgres_server.url)
    connection.terminate()
    postgres_server.start()

    connection = await asyncpg.connect(postgres_server.url)
    assert await connection.fetchval("select id from kept") == 1
    await connection.close()


async def test_redis_keeps_what_it_said_it_kept(redis_server: EmbeddedRedis) -> None:
    client = redis.asyncio.from_url(redis_server.url)
    await client.set("kept", "1")
    assert await client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}

    redis_server.stop()
    with pytest.raises(redis.exceptions.ConnectionError):
        await client.get("kept")
    redis_server.start()

    assert await client.get("kept") == b"1"
    await client.aclose()


async def test_redis_refuses_who_does_not_know_the_password(redis_server: EmbeddedRedis) -> None:
    port = redis_server.url.rpartition(":")[2]
    client = redis.asyncio.from_url(f"redis://127.0.0.1:{port}")

    with pytest.raises(redis.exceptions.AuthenticationError):
        await client.get("kept")

    await client.aclose()


def test_a_second_owner_of_the_folder_is_refused_by_name(stores: EmbeddedStores, tmp_path: Path) -> None:
    with pytest.raises(
        FolderInUse, match=rf"{tmp_path}/data is in use by another Atrium \(process {os.getpid()}\)"
    ):
        EmbeddedStores(tmp_path / "data").start()


def test_a_folder_with_a_very_long_path_works(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / ("long" * 30), durable=False)
    server.start()

    assert server.is_running()

    server.stop()


def test_both_end_with_a_killed_owner_and_start_again_at_once(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", _OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    postgres, server = (int(pid) for pid in owner.stdout.readline().split())
    assert _is_alive(postgres)
    assert _is_alive(server)

    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    again = EmbeddedStores(tmp_path, durable=False)
    again.start()

    assert again.postgres.is_running()
    again.stop()
    _until(lambda: not _is_alive(postgres) and not _is_alive(server))


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _until(condition: Callable[[], bool], seconds: float = 10) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "the condition did not come true"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give up its powers")
def test_root_that_cannot_give_up_its_powers_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atrium.store_process._everyone_reaches", lambda _: False)
    monkeypatch.setattr("atrium.child.command", lambda *_, **__: ["/bin/false"])

    with pytest.raises(StoreFailed, match="Start Atrium as an ordinary user, or set DATABASE_URL"):
        EmbeddedPostgres(tmp_path)

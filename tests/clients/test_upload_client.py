"""Files uploaded by a client from npm, against a running router."""

import asyncio
import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from tests.fakes.attic import attic
from tests.fakes.http_server import serving

pytestmark = pytest.mark.node

HERE = Path(__file__).parent
NODE = HERE.parents[1] / ".venv" / "bin" / "node"
LARGE, SMALL = b"a" * 3_000_000, b"hello\r\n--x--\r\n"


async def test_urql_uploads_files(tmp_path: Path) -> None:
    async with attic(tmp_path, is_served=True) as shelf, serving(shelf.app) as server:
        process = await asyncio.create_subprocess_exec(
            NODE, "upload.mjs", f"{server.url}/graphql", cwd=HERE, stdout=subprocess.PIPE
        )
        async with asyncio.timeout(60):
            printed, _ = await process.communicate()

    one, *small_ones, many = json.loads(printed)
    large = {"type": "application/x-thing", "size": len(LARGE), "sha256": hashlib.sha256(LARGE).hexdigest()}
    small = {"type": "text/plain", "size": len(SMALL), "sha256": hashlib.sha256(SMALL).hexdigest()}
    assert one.get("error") is None
    assert one["data"]["keep"].items() >= ({"name": "größe 1.bin", "text": "a" * 20} | large).items()
    assert [each["data"]["keep"]["size"] for each in small_ones] == [len(SMALL)] * 2
    names = [each["name"] for each in many["data"]["keepAll"]]
    kept = [{name: each[name] for name in large} for each in many["data"]["keepAll"]]
    assert kept == [small, large, small]
    assert names[1] == "größe 1.bin"

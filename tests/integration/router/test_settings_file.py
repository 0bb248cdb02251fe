"""`atrium serve router --config FILE` as a process: the file holds, and the environment holds over it."""

import asyncio
import os
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.factories.ports import free_port
from tests.fakes.shop import Shop

ROOT = Path(__file__).parents[3]
QUERY = '{ __typename product(id: "1") { id reviews { id } } }'


async def _codes(url: str) -> list[str]:
    """Of the answer, as soon as there is one."""
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                headers = {"accept": "application/graphql-response+json"}
                async with session.post(f"{url}/graphql", json={"query": QUERY}, headers=headers) as response:
                    answer = await response.json()
                    return [error["extensions"]["code"] for error in answer["errors"]]
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("variables", "code"),
    [({}, "MAX_DEPTH_EXCEEDED"), ({"ATRIUM_ROUTER_MAX_DEPTH": "9"}, "MAX_SELECTIONS_EXCEEDED")],
)
async def test_the_file_is_under_the_environment(
    tmp_path: Path, variables: dict[str, str], code: str
) -> None:
    (tmp_path / "supergraph.graphql").write_text(
        Shop().supergraph("http://127.0.0.1:9", "http://127.0.0.1:9")
    )
    config = tmp_path / "atrium.yaml"
    config.write_text(
        f"supergraph: {tmp_path}/supergraph.graphql\n"
        f"data_folder: {tmp_path}\n"
        "router:\n  limits: {max_depth: 2, max_selections: 3}\n"
    )
    port = free_port()
    words = ["-m", "atrium", "serve", "router", "--config", str(config), "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ATRIUM_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=ROOT, env=environment | variables
    )
    try:
        async with asyncio.timeout(60):
            assert await _codes(f"http://127.0.0.1:{port}") == [code]
    finally:
        process.kill()
        await process.wait()

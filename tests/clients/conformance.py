"""The checks of conformance.mjs, run by the Node of the development environment."""

import asyncio
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NODE = HERE.parents[1] / ".venv" / "bin" / "node"
GROUPS = ("audits", "apollo", "urql", "persisted", "sockets", "streams")
TOOLS = "tools"
"""What reads the schema; dear, and the same over every transport."""
SAFELISTED = "safelisted"
"""For a router that lets clients ask by id only, and takes manifests from the folder in the profile."""
_SECONDS = 240


def profile(name: str, **known: str) -> dict[str, Any]:
    """A file of profiles/, with `{{name}}` replaced by what is known only now."""
    text = (HERE / "profiles" / f"{name}.json").read_text()
    for key, value in known.items():
        text = text.replace(f"{{{{{key}}}}}", value)
    found: dict[str, Any] = json.loads(text)
    return found


async def problems(
    group: str, url: str, asked: Mapping[str, Any], folder: Path, *, token: str | None = None
) -> list[str]:
    """What a group of checks finds wrong with the router at `url`; asserts that there are checks."""
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    told = {**asked, "url": url, "socket": url.replace("http", "ws", 1), "headers": headers}
    file = folder / "profile.json"
    file.write_text(json.dumps(told))
    process = await asyncio.create_subprocess_exec(
        NODE, "conformance.mjs", group, file, cwd=HERE, stdout=subprocess.PIPE
    )
    try:
        async with asyncio.timeout(_SECONDS):
            printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0
    found = json.loads(printed)
    assert found
    return [f"{each['check']}: {each['problem']}" for each in found if each["problem"] is not None]

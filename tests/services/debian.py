"""Debian packages that some test targets need; installed when missing and allowed."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path


def ensure(packages: Mapping[Path, str], target: str) -> None:
    """Every program is there afterwards; raises SystemExit with what to do when that cannot be.

    `packages`: program → the Debian 12 package that brings it.
    """
    missing = sorted({package for program, package in packages.items() if not program.exists()})
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SystemExit(
            f"{target} needs {' and '.join(missing)}: install with "
            f"`sudo apt-get install {' '.join(missing)}`, or run it as root on Debian 12."
        )
    print(f"{target}: installing {', '.join(missing)} from Debian", flush=True)
    _no_default_cluster()
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    install = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *missing]
    for command in (["apt-get", "update", "-qq"], install):
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def _no_default_cluster() -> None:
    """PostgreSQL's package would otherwise make a cluster and start it on the default port."""
    settings = Path("/etc/postgresql-common/createcluster.conf")
    if not settings.exists():
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text("create_main_cluster = false\n")

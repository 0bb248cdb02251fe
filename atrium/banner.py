"""The few lines a person reads when the platform is up."""

import os
from collections.abc import Mapping
from pathlib import Path

from atrium.demo_people import KEY_FILE, ORGANISATIONS, PASSWORD
from atrium.folder import DataFolder


def banner(address: str, folder: DataFolder, environment: Mapping[str, str], seconds: float) -> str:
    """Where everything is; demo logins only in development."""
    lines = [f"Atrium is ready ({seconds:.1f} s).", "", f"GraphQL   {address}/graphql"]
    if environment.get("ATRIUM_ENV") == "development":
        lines.append(f"Explorer  {address}/graphql in a browser")
        logins = [(person, organisation) for organisation in ORGANISATIONS for person in organisation.people]
        heading = "Sign in"
        for person, organisation in logins:
            lines.append(f"{heading:<9} {person.email:<24} {person.role} of {organisation.name}")
            heading = ""
        lines.append(f"          password for all: {PASSWORD}")
        lines.append(f"API key   {_short(folder.path / 'secrets' / KEY_FILE)}")
        lines.append(f"Mail      {_short(folder.mail)}")
    lines += [f"Data      {_short(folder.path)}", f"Logs      {_short(folder.logs)}", "", "Ctrl-C stops it."]
    return "\n".join(f"  {line}".rstrip() for line in ["", *lines, ""])


def _short(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative

"""Feature addresses and versions: https://specs.apollo.dev/link/v1.0 read as values."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

LINK = "https://specs.apollo.dev/link"
CORE = "https://specs.apollo.dev/core"
FEDERATION = "https://specs.apollo.dev/federation"

VERSION = re.compile(r"v(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9_]*[A-Za-z0-9])?|_[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """The version of a specification."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"v{self.major}.{self.minor}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureUrl:
    """The address of a linked specification, taken apart."""

    identity: str
    name: str
    version: Version | None

    def __str__(self) -> str:
        return f"{self.identity}/{self.version}" if self.version else self.identity


def parse_url(url: str) -> FeatureUrl | None:
    """The parts of a feature address; None when it is not an address at all.

    https://specs.apollo.dev/federation/v2.9  becomes  identity .../federation, name federation, version 2.9
    """
    try:
        address = urlsplit(url)
    except ValueError:
        return None
    if not address.scheme or not address.netloc:
        return None
    parts = [part for part in address.path.split("/") if part]
    version = None
    if parts and (match := VERSION.fullmatch(parts[-1])):
        version = Version(int(match[1]), int(match[2]))
        parts.pop()
    name = parts[-1] if parts and NAME.fullmatch(parts[-1]) and "__" not in parts[-1] else ""
    identity = f"{address.scheme}://{address.netloc}" + "".join(f"/{part}" for part in parts)
    return FeatureUrl(identity=identity, name=name, version=version)


LINK_DEFINITIONS = """
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
scalar link__Import
enum link__Purpose {
  \"\"\"What this feature says is needed to resolve fields securely.\"\"\"
  SECURITY
  \"\"\"What this feature says is needed to execute operations.\"\"\"
  EXECUTION
}
"""

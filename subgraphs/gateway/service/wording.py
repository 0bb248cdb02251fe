"""What people write about graphs, checked: each function gives it in the form that is stored, or refuses."""

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from common.errors import InvalidInput
from common.texts import clean_description

_SUBGRAPH_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_REVISION = re.compile(r"[A-Za-z0-9._/-]{0,100}")
_TAG = re.compile(r"[A-Za-z0-9_/-]{1,128}")
_HOST = re.compile(r"(?=.{1,253}\Z)([A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?")
_LONGEST_URL = 2_000
_LONGEST_REASON = 500
_MOST_TAGS = 100


def is_subgraph_name(text: str) -> bool:
    """Some subgraph could be called so."""
    return _SUBGRAPH_NAME.fullmatch(text) is not None


def clean_subgraph_name(text: str) -> str:
    """A name that routers can call a subgraph by."""
    if not is_subgraph_name(text):
        raise InvalidInput(
            "The name of a subgraph has 1 to 63 letters, digits, _ or -, and begins with a letter.",
            path=("input", "name"),
        )
    return text


def clean_url(text: str) -> str:
    """An address that a router may ask: http or https, with a host, without a password or fragment."""
    refusal = InvalidInput(
        "The address of a subgraph begins with http:// or https:// and has no user, password or fragment.",
        path=("input", "url"),
    )
    if len(text) > _LONGEST_URL or not text.isascii() or not text.isprintable() or set(text) & set(' "<>\\'):
        raise refusal
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise refusal from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise refusal
    if "@" in parts.netloc or "#" in text:
        raise refusal
    if not _is_host(parts.hostname, is_bracketed="[" in parts.netloc):
        raise refusal
    return text


def _is_host(host: str, *, is_bracketed: bool) -> bool:
    """It can be looked up: a name, an IPv4 address or, in brackets, an IPv6 address."""
    if not is_bracketed:
        return _HOST.fullmatch(host) is not None
    try:
        return ipaddress.IPv6Address(host).scope_id is None
    except ValueError:
        return False


def clean_sdl(text: str, largest: int) -> str:
    """A schema no larger than it may be."""
    if not text.strip():
        raise InvalidInput("The schema is empty.", path=("input", "sdl"))
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise InvalidInput("The schema is no Unicode text.", path=("input", "sdl")) from error
    if size > largest or "\0" in text:
        raise InvalidInput(f"A schema has at most {largest} bytes, none of them zero.", path=("input", "sdl"))
    return text


def clean_reason(text: str) -> str:
    """Why something is done, in up to 500 characters."""
    reason = clean_description(text, "reason")
    if len(reason) > _LONGEST_REASON:
        raise InvalidInput(f"A reason has at most {_LONGEST_REASON} characters.", path=("input", "reason"))
    return reason


def clean_git_revision(text: str) -> str:
    """The name of a commit, as git writes it."""
    if not _REVISION.fullmatch(text):
        raise InvalidInput(
            "A git revision has up to 100 letters, digits, '.', '_', '/' or '-'.",
            path=("input", "gitRevision"),
        )
    return text


def clean_tags(tags: Sequence[str], field: str) -> tuple[str, ...]:
    """Names of tags, sorted, each once."""
    if len(tags) > _MOST_TAGS or not all(_TAG.fullmatch(tag) for tag in tags):
        raise InvalidInput(
            f"Give up to {_MOST_TAGS} tags of 1 to 128 letters, digits, '_', '/' or '-'.",
            path=("input", field),
        )
    return tuple(sorted(set(tags)))

"""What is typed about people and roles, checked before it is stored."""

import re
import zoneinfo
from functools import cache

from common.errors import InvalidInput

_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")


def clean_key(text: str) -> str:
    """The key of a role: a lower-case word, at most 63 characters."""
    if not _KEY.fullmatch(text):
        raise InvalidInput(
            "A key starts with a lower-case letter and has letters, digits, - and _, at most 63.",
            path=("input", "key"),
        )
    return text


def clean_locale(text: str) -> str:
    """A language tag such as `en`, `pt-BR` or `zh-Hant-TW`."""
    if not _LOCALE.fullmatch(text):
        raise InvalidInput("A locale is a language tag such as en or pt-BR.", path=("input", "locale"))
    return text


def clean_timezone(text: str) -> str:
    """A time zone of the IANA database, such as `Europe/Lisbon`."""
    if text not in _timezones():
        raise InvalidInput("A time zone is a name such as Europe/Lisbon or UTC.", path=("input", "timezone"))
    return text


@cache
def _timezones() -> frozenset[str]:
    """All names; finding them searches the file system, so once is enough."""
    return frozenset(zoneinfo.available_timezones())

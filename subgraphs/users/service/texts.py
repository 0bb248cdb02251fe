"""Names, slugs and the like: what people type, checked before it is stored."""

import re
import unicodedata
import zoneinfo

from common.errors import InvalidInput

_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
_TIMEZONES = frozenset(zoneinfo.available_timezones())


def clean_name(text: str, field: str = "name", *, longest: int = 200) -> str:
    """A name on one line: 1 to 200 characters, none of them invisible control characters."""
    name = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(name) <= longest:
        raise InvalidInput(f"A {field} has 1 to {longest} characters.", path=("input", field))
    if any(unicodedata.category(character) in {"Cc", "Cs", "Co", "Zl", "Zp"} for character in name):
        raise InvalidInput(f"A {field} has no control characters.", path=("input", field))
    return name


def clean_slug(text: str) -> str:
    """A slug: lower-case letters, digits and inner hyphens, at most 63."""
    if not _SLUG.fullmatch(text):
        raise InvalidInput(
            "A slug has lower-case letters, digits and inner hyphens, at most 63.", path=("input", "slug")
        )
    return text


def clean_key(text: str) -> str:
    """The key of a role: a lower-case word, at most 63 characters."""
    if not _KEY.fullmatch(text):
        raise InvalidInput(
            "A key starts with a lower-case letter and has letters, digits, - and _, at most 63.",
            path=("input", "key"),
        )
    return text


def clean_description(text: str) -> str:
    """A description: up to 2000 characters, nothing invisible but line breaks and tabs."""
    description = unicodedata.normalize("NFC", text).strip()
    if len(description) > 2000:
        raise InvalidInput("A description has at most 2000 characters.", path=("input", "description"))
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t" for c in description):
        raise InvalidInput("A description has no control characters.", path=("input", "description"))
    return description


def clean_locale(text: str) -> str:
    """A language tag such as `en`, `pt-BR` or `zh-Hant-TW`."""
    if not _LOCALE.fullmatch(text):
        raise InvalidInput("A locale is a language tag such as en or pt-BR.", path=("input", "locale"))
    return text


def clean_timezone(text: str) -> str:
    """A time zone of the IANA database, such as `Europe/Lisbon`."""
    if text not in _TIMEZONES:
        raise InvalidInput("A time zone is a name such as Europe/Lisbon or UTC.", path=("input", "timezone"))
    return text

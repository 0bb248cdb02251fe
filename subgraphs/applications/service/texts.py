"""Names, slugs and keys: what people type, checked before it is stored."""

import re
import unicodedata

from common.errors import InvalidInput

_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def clean_name(text: str) -> str:
    """A name on one line: 1 to 200 characters, none of them a control character."""
    name = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(name) <= 200:
        raise InvalidInput("A name has 1 to 200 characters.", path=("input", "name"))
    if any(unicodedata.category(character) in {"Cc", "Cs", "Co", "Zl", "Zp"} for character in name):
        raise InvalidInput("A name has no control characters.", path=("input", "name"))
    return name


def clean_description(text: str) -> str:
    """A description: up to 2000 characters, nothing invisible but line breaks and tabs."""
    description = unicodedata.normalize("NFC", text).strip()
    if len(description) > 2000:
        raise InvalidInput("A description has at most 2000 characters.", path=("input", "description"))
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t" for c in description):
        raise InvalidInput("A description has no control characters.", path=("input", "description"))
    return description


def clean_slug(text: str, field: str = "slug") -> str:
    """A slug or key: lower-case letters, digits and inner hyphens, at most 63."""
    if not _SLUG.fullmatch(text):
        raise InvalidInput(
            f"A {field} has lower-case letters, digits and inner hyphens, at most 63.", path=("input", field)
        )
    return text

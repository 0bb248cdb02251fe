"""What people type, checked before a domain stores it: each function raises InvalidInput or gives it."""

import re
import unicodedata

from common.errors import InvalidInput

_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST_NAME = 200
_LONGEST_DESCRIPTION = 2000
# Control characters, lone surrogates, private use, line and paragraph separators.
_UNFIT = frozenset({"Cc", "Cs", "Co", "Zl", "Zp"})


def clean_name(text: str, field: str = "name") -> str:
    """A name on one line, 1 to 200 characters, composed (NFC) and without outer blanks."""
    name = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise InvalidInput(f"A {field} has 1 to {_LONGEST_NAME} characters.", path=("input", field))
    if any(unicodedata.category(character) in _UNFIT for character in name):
        raise InvalidInput(f"A {field} has no control characters.", path=("input", field))
    return name


def clean_description(text: str, field: str = "description") -> str:
    """Some text of up to 2000 characters, without control characters but line breaks and tabs."""
    description = unicodedata.normalize("NFC", text).strip()
    if len(description) > _LONGEST_DESCRIPTION:
        raise InvalidInput(f"A {field} has at most {_LONGEST_DESCRIPTION} characters.", path=("input", field))
    if any(unicodedata.category(c) in _UNFIT and c not in "\n\t" for c in description):
        raise InvalidInput(f"A {field} has no control characters.", path=("input", field))
    return description


def is_slug(text: str) -> bool:
    """Whether anything can have this slug: what cannot need not be looked for."""
    return _SLUG.fullmatch(text) is not None


def clean_slug(text: str, field: str = "slug") -> str:
    """Lower-case ASCII letters, digits and inner hyphens, at most 63: fit for an address."""
    if not is_slug(text):
        raise InvalidInput(
            f"A {field} has lower-case letters, digits and inner hyphens, at most 63.", path=("input", field)
        )
    return text

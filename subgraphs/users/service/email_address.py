"""E-mail addresses: checked, and folded so that two spellings of one address are one person."""

import re
from dataclasses import dataclass

from subgraphs.users.errors import EmailInvalid

_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MAX_LOCAL = 64
_MAX_ADDRESS = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailAddress:
    """An address as it was written, and folded."""

    text: str
    folded: str


def email_address(text: str) -> EmailAddress:
    """The address in a text; raises EmailInvalid.

    " Ada@Example.COM" becomes "Ada@Example.COM", folded "ada@example.com"

    The local part is ASCII and a domain in other letters becomes its ASCII form, so that no look-alike
    folds to somebody else's address.
    """
    stripped = text.strip()
    local, _, domain = stripped.rpartition("@")
    folded_local, folded_domain = local.lower(), _ascii_domain(domain)
    if not (local.isascii() and len(local) <= _MAX_LOCAL and _LOCAL.fullmatch(folded_local)):
        raise EmailInvalid
    folded = f"{folded_local}@{folded_domain}"
    if len(folded) > _MAX_ADDRESS:
        raise EmailInvalid
    return EmailAddress(text=f"{local}@{domain if domain.isascii() else folded_domain}", folded=folded)


def _ascii_domain(domain: str) -> str:
    try:
        folded = domain.lower() if domain.isascii() else domain.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise EmailInvalid from error
    labels = folded.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise EmailInvalid
    return folded

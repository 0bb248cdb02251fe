"""What a client wants to register, checked: an id stands for one text, a digest is that of its text."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from common.errors import InvalidInput
from common.operations.documents import (
    LONGEST_DOCUMENT,
    LONGEST_ID,
    digest_in,
    digest_of,
    is_client_name,
    is_client_version,
    is_document_id,
)

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenDocument:
    """A document to register: its text, or the digest of one that the graph has. `id`: else the digest."""

    id: str | None = None
    body: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Digests by id, and those of the texts that were given, by digest."""

    documents: Mapping[str, str]
    bodies: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """The digest of all of it: equal for the same ids of the same texts."""
        return digest_of_documents(self.documents)


def read_documents(given: Sequence[GivenDocument], most: int) -> Manifest:
    """The documents, each once; raises InvalidInput for what cannot be registered."""
    if not 1 <= len(given) <= most:
        raise InvalidInput(f"Give 1 to {most} documents.", path=("input", "documents"))
    documents: dict[str, str] = {}
    bodies: dict[str, str] = {}
    for place, document in enumerate(given):
        path = ("input", "documents", place)
        digest = _digest(document, path)
        id = document.id if document.id is not None else digest
        if not is_document_id(id):
            raise InvalidInput(
                f"The id of a document has 1 to {LONGEST_ID} letters, digits or characters of `_-:.=+/`.",
                path=path,
            )
        if digest_in(id) not in {None, digest}:
            raise InvalidInput(
                f"The id {id!r} looks like a SHA-256 digest, but is not that of its text.", path=path
            )
        if documents.setdefault(id, digest) != digest:
            raise InvalidInput(f"The id {id!r} stands for two texts.", path=path)
        if document.body is not None:
            bodies[digest] = document.body
    return Manifest(documents=documents, bodies=bodies)


def digest_of_documents(documents: Mapping[str, str]) -> str:
    """The digest of ids and the digests of their texts."""
    lines = "".join(f"{id} {sha256}\n" for id, sha256 in sorted(documents.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def clean_client(text: str) -> str:
    """A name that a client can send."""
    if not is_client_name(text):
        raise InvalidInput(
            "The name of a client has 1 to 128 letters, digits, blanks or characters of `_-:./`,"
            " and begins with a letter or digit.",
            path=("input", "client"),
        )
    return text


def clean_client_version(text: str) -> str:
    """A version that a client can send."""
    if not is_client_version(text):
        raise InvalidInput(
            "The version of a client has 1 to 64 letters, digits or characters of `_-+.`,"
            " and begins with a letter or digit.",
            path=("input", "version"),
        )
    return text


def clean_digests(digests: Iterable[str], most: int) -> tuple[str, ...]:
    """SHA-256 digests in lower-case hexadecimal, each once."""
    distinct = tuple(dict.fromkeys(digests))
    if len(distinct) > most or not all(_DIGEST.fullmatch(digest) for digest in distinct):
        raise InvalidInput(f"Give up to {most} digests of 64 lower-case hexadecimal digits.")
    return distinct


def _digest(document: GivenDocument, path: tuple[str | int, ...]) -> str:
    """The digest of the text, given or computed."""
    claimed, body = document.sha256, document.body
    if claimed is not None and not _DIGEST.fullmatch(claimed):
        raise InvalidInput("A digest has 64 lower-case hexadecimal digits.", path=path)
    if body is None:
        if claimed is None:
            raise InvalidInput("Give each document's body, or the digest of one the graph has.", path=path)
        return claimed
    try:
        size = len(body.encode())
    except UnicodeEncodeError as error:
        raise InvalidInput("The document is no Unicode text.", path=path) from error
    if not body.strip() or size > LONGEST_DOCUMENT or "\0" in body:
        raise InvalidInput(f"A document has 1 to {LONGEST_DOCUMENT} bytes, none of them zero.", path=path)
    digest = digest_of(body)
    if claimed not in {None, digest}:
        raise InvalidInput("The digest is not that of the body.", path=path)
    return digest

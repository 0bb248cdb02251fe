"""The manifests that build tools of clients write → documents with ids; refused whole if anything is wrong.

Apollo's: `{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id", "body", ...}]}`.
Relay's: `{id: text}`. An id that looks like a SHA-256 digest has to be that of its text, so that nobody can
register one text under the digest of another.
"""

import hmac
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from common.operations.documents import (
    LONGEST_DOCUMENT,
    LONGEST_ID,
    PersistedDocument,
    digest_in,
    digest_of,
    is_document_id,
)

APOLLO_FORMAT = "apollo-persisted-query-manifest"
MOST_DOCUMENTS = 10_000
LARGEST_MANIFEST = 32 * 1024 * 1024
"""In bytes."""


class ManifestRefused(Exception):
    """The manifest cannot be used; says what is wrong and where."""


def read_manifest(text: bytes, *, client: str | None = None) -> tuple[PersistedDocument, ...]:
    """The documents of a manifest in either format, in its order; raises ManifestRefused.

    With `client` given, operations that the manifest binds to another client are refused.
    """
    if len(text) > LARGEST_MANIFEST:
        raise ManifestRefused(f"The manifest is larger than {LARGEST_MANIFEST} bytes.")
    try:
        manifest = orjson.loads(text)
    except orjson.JSONDecodeError as cause:
        where = f"line {cause.lineno}, column {cause.colno}"
        raise ManifestRefused(f"The manifest is not JSON: {cause.msg} ({where}).") from cause
    if not isinstance(manifest, dict):
        raise ManifestRefused("A manifest is a JSON object: Apollo's format, or Relay's ({id: text}).")
    read = _apollo(manifest, client) if "format" in manifest else _relay(manifest)
    return tuple(_distinct(read))


def _apollo(manifest: Mapping[str, Any], client: str | None) -> Iterable[PersistedDocument]:
    if manifest["format"] != APOLLO_FORMAT:
        raise ManifestRefused(f"'format' is {manifest['format']!r:.60}; it has to be {APOLLO_FORMAT!r}.")
    if manifest.get("version") != 1:
        raise ManifestRefused(f"'version' is {manifest.get('version')!r:.20}; only version 1 is known.")
    operations = manifest.get("operations")
    if not isinstance(operations, list):
        raise ManifestRefused("'operations' has to be a list.")
    _check_count(len(operations))
    for place, operation in enumerate(operations):
        yield _operation(operation, f"operations[{place}]", client)


def _operation(operation: object, where: str, client: str | None) -> PersistedDocument:
    if not isinstance(operation, dict):
        raise ManifestRefused(f"{where} has to be an object with 'id' and 'body'.")
    name, owner = operation.get("name"), operation.get("clientName")
    if name is not None and not isinstance(name, str):
        raise ManifestRefused(f"{where}.name has to be a string.")
    if owner is not None and not isinstance(owner, str):
        raise ManifestRefused(f"{where}.clientName has to be a string.")
    if client is not None and owner is not None and owner != client:
        raise ManifestRefused(f"{where} belongs to the client {owner[:60]!r}, not to {client!r}.")
    return _document(operation.get("id"), operation.get("body"), name or None, where)


def _relay(manifest: Mapping[str, Any]) -> Iterable[PersistedDocument]:
    _check_count(len(manifest))
    for id, body in manifest.items():
        yield _document(id, body, None, f"the entry {id[:80]!r}")


def _check_count(count: int) -> None:
    if count > MOST_DOCUMENTS:
        raise ManifestRefused(f"The manifest has {count} operations; {MOST_DOCUMENTS} is the most.")


def _document(id: object, body: object, name: str | None, where: str) -> PersistedDocument:
    if not isinstance(id, str) or not is_document_id(id):
        raise ManifestRefused(
            f"The id of {where} has to be 1 to {LONGEST_ID} letters, digits or characters of `_-:.=+/~`."
        )
    if not isinstance(body, str) or not body.strip():
        raise ManifestRefused(f"The text of {where} has to be a GraphQL document.")
    if len(body.encode("utf-8", "surrogatepass")) > LONGEST_DOCUMENT:
        raise ManifestRefused(f"The text of {where} is longer than {LONGEST_DOCUMENT} bytes.")
    digest = digest_in(id)
    if digest is not None and not hmac.compare_digest(digest.encode(), digest_of(body).encode()):
        raise ManifestRefused(f"The id of {where} looks like a SHA-256 digest, but is not that of its text.")
    return PersistedDocument(id=id, body=body, name=name)


def _distinct(documents: Iterable[PersistedDocument]) -> Iterable[PersistedDocument]:
    """Each once; one id with two texts is refused."""
    seen: dict[str, str] = {}
    for document in documents:
        known = seen.setdefault(document.id, document.body)
        if known != document.body:
            raise ManifestRefused(f"The id {document.id!r} stands for two texts.")
        if known is document.body:
            yield document

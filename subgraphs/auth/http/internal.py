"""What other processes of the platform ask auth: whose key this is, and what died lately."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from common.access.principal import Principal
from common.errors import InvalidInput
from common.graphql.subgraph import Internal
from subgraphs.auth.service.parts import AuthParts

_LONGEST_CREDENTIAL = 1_000
_LONGEST_POSITION = 20


def internal_questions(parts: AuthParts) -> Mapping[str, Internal]:
    """Which question is asked where.

    POST /internal/credentials {"credential"}: {"principal": null or {"kind", "id", "organisation_id",
    "scopes", "key_id"}}
    POST /internal/revocations {"since": null or a position}: {"position", "session_ids", "api_key_ids"}
    """

    async def credentials(question: Mapping[str, Any]) -> Mapping[str, Any]:
        credential = question.get("credential")
        if not isinstance(credential, str) or len(credential) > _LONGEST_CREDENTIAL:
            raise InvalidInput("credential has to be a short string.", path=("credential",))
        principal = await parts.verifier.verify_key(credential)
        return {"principal": None if principal is None else _shown(principal)}

    async def revocations(question: Mapping[str, Any]) -> Mapping[str, Any]:
        since = question.get("since")
        if since is not None and not _is_position(since):
            raise InvalidInput("since has to be a position that was given before.", path=("since",))
        found = await parts.revoked_since(since)
        return {
            "position": found.position,
            "session_ids": sorted(str(id) for id in found.session_ids),
            "api_key_ids": sorted(str(id) for id in found.api_key_ids),
        }

    return {"/internal/credentials": credentials, "/internal/revocations": revocations}


def _shown(principal: Principal) -> Mapping[str, Any]:
    return {
        "kind": principal.kind.value,
        "id": _text(principal.id),
        "organisation_id": _text(principal.organisation_id),
        "scopes": sorted(principal.scopes),
        "key_id": _text(principal.key_id),
    }


def _is_position(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < _LONGEST_POSITION


def _text(id: UUID | None) -> str | None:
    return None if id is None else str(id)

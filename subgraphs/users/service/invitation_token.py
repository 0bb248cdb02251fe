"""Invitation tokens: made of a server key and the invitation's id, so that none is ever stored.

The mail that carries a token is sent by a task, some time after the invitation was written, perhaps
more than once. Handing the token over would leave it in the event log or the task queue. Instead it is
derived: token = id + HMAC-SHA256(key, purpose + id). Whoever holds the key can write the mail again;
the database holds SHA-256(token) only, the event nothing but the id. Neither leads back to the token,
and without the key nobody can make one. A new key leaves mailed tokens valid, for they are looked up
by their hash; invitations not yet mailed get a new hash when their mail is written.
"""

import base64
import hashlib
import hmac
from uuid import UUID

_PURPOSE = b"atrium users invitation v1\0"


class InvitationTokens:
    """Makes tokens under one server key."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"key of " + _PURPOSE, "sha256")

    def token_for(self, invitation_id: UUID) -> str:
        """The clear token of an invitation: for the mail to the invited person and nowhere else."""
        proof = hmac.digest(self._key, _PURPOSE + invitation_id.bytes, "sha256")
        return base64.urlsafe_b64encode(invitation_id.bytes + proof).decode()

    def hash_for(self, invitation_id: UUID) -> bytes:
        """What the database keeps of an invitation's token."""
        return token_hash(self.token_for(invitation_id))


def token_hash(token: str) -> bytes:
    """What the database keeps of a token. The token is random enough for a plain hash."""
    return hashlib.sha256(token.encode()).digest()

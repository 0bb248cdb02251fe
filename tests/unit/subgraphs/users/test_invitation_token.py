"""Invitation tokens: the same each time, nothing like each other, and not found without the key."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from subgraphs.users.service.invitation_token import InvitationTokens, token_hash

ids = st.uuids()
TOKENS = InvitationTokens(b"a server key")


@given(id=ids)
def test_a_token_can_be_made_again_and_its_hash_is_kept(id: UUID) -> None:
    token = TOKENS.token_for(id)

    assert token == InvitationTokens(b"a server key").token_for(id)
    assert TOKENS.hash_for(id) == token_hash(token)
    assert len(token) == 64
    assert token.isascii()


@given(one=ids, other=ids)
def test_every_invitation_and_every_key_has_tokens_of_its_own(one: UUID, other: UUID) -> None:
    if one != other:
        assert TOKENS.token_for(one) != TOKENS.token_for(other)
    assert TOKENS.token_for(one) != InvitationTokens(b"another key").token_for(one)


def test_neither_hash_nor_id_holds_the_token() -> None:
    id = UUID(int=7)

    assert TOKENS.token_for(id) not in TOKENS.hash_for(id).hex()
    assert str(id) not in TOKENS.token_for(id)

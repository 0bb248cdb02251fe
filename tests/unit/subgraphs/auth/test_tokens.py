"""Refresh tokens: random, hashed, and with one successor that only server and bearer can name."""

from uuid import UUID

import pytest

from subgraphs.auth.keys.keyring import keyring_of
from subgraphs.auth.keys.tokens import is_token, new_token, successor_of, token_hash

KEYS = keyring_of(b"n" * 32).current
ID = UUID(int=1)


def test_tokens_are_long_random_and_never_alike() -> None:
    tokens = {new_token() for _ in range(200)}

    assert len(tokens) == 200
    assert all(is_token(token) for token in tokens)


def test_the_successor_is_always_the_same() -> None:
    token = new_token()

    first = successor_of(token, token_id=ID, keys=KEYS)

    assert first == successor_of(token, token_id=ID, keys=KEYS)
    assert is_token(first)
    assert first != token


def test_the_successor_depends_on_token_row_and_server() -> None:
    token = new_token()
    successors = {
        successor_of(token, token_id=ID, keys=KEYS),
        successor_of(new_token(), token_id=ID, keys=KEYS),
        successor_of(token, token_id=UUID(int=2), keys=KEYS),
        successor_of(token, token_id=ID, keys=keyring_of(b"x" * 32).current),
    }

    assert len(successors) == 4


@pytest.mark.parametrize("text", ["", "short", "x" * 42, "x" * 44, "ü" * 43, "x" * 100_000])
def test_other_text_is_no_token(text: str) -> None:
    assert not is_token(text)


def test_the_hash_of_any_text_is_32_bytes() -> None:
    assert len(token_hash("\ud800")) == 32
    assert len(token_hash(new_token())) == 32

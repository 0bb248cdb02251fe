"""The text of an API key: its shape, its checksum, its hash."""

import hmac
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.auth.keys.api_keys import is_key_of, new_api_key, prefix_of
from subgraphs.auth.keys.keyring import keyring_of

RING = keyring_of(b"n" * 32)


def test_a_key_says_what_it_is_and_shows_prefix_and_end() -> None:
    made = new_api_key(label="dev", keys=RING.current)

    assert made.text.startswith(f"{made.prefix}_")
    assert made.prefix.startswith("atr_dev")
    assert made.text.endswith(made.last4)
    assert len(made.last4) == 4
    assert prefix_of(made.text) == made.prefix


def test_no_two_keys_are_alike() -> None:
    made = [new_api_key(label="live", keys=RING.current) for _ in range(200)]

    assert len({key.prefix for key in made}) == 200
    assert len({key.text for key in made}) == 200


def test_the_hash_is_not_a_plain_digest_of_the_text() -> None:
    made = new_api_key(label="live", keys=RING.current)
    other = keyring_of(b"x" * 32)

    assert is_key_of(made.text, made.hash, keyring=RING)
    assert not is_key_of(made.text, made.hash, keyring=other)


def test_a_key_made_under_the_previous_secret_still_works() -> None:
    made = new_api_key(label="live", keys=keyring_of(b"o" * 32).current)

    assert is_key_of(made.text, made.hash, keyring=keyring_of(b"n" * 32, [b"o" * 32]))


def test_another_key_has_another_hash() -> None:
    one, other = (new_api_key(label="live", keys=RING.current) for _ in range(2))

    assert not is_key_of(other.text, one.hash, keyring=RING)


def test_a_key_nobody_has_is_compared_like_any_other() -> None:
    text = new_api_key(label="live", keys=RING.current).text

    with patch.object(hmac, "compare_digest", wraps=hmac.compare_digest) as compared:
        assert not is_key_of(text, None, keyring=RING)

    assert compared.call_count == 1


def test_every_changed_character_breaks_the_checksum_or_the_shape() -> None:
    text = new_api_key(label="live", keys=RING.current).text

    for place, was in enumerate(text):
        changed = text[:place] + ("a" if was != "a" else "b") + text[place + 1 :]
        assert prefix_of(changed) is None, changed


@given(st.text(max_size=120))
def test_any_other_text_is_no_key(text: str) -> None:
    assert prefix_of(text) is None


@pytest.mark.parametrize(
    "change", [lambda t: t + "\n", lambda t: " " + t, lambda t: t.upper(), lambda t: t * 2]
)
def test_decorations_are_not_tolerated(change: object) -> None:
    assert callable(change)
    assert prefix_of(change(new_api_key(label="live", keys=RING.current).text)) is None

"""Derived keys stay apart; sealed secrets open only where they belong."""

import pytest

from subgraphs.auth.keys.keyring import hmac_sha256, keyring_of
from subgraphs.auth.keys.sealing import SealBroken, seal, unseal

OLD, NEW = b"o" * 32, b"n" * 32


def test_every_purpose_has_a_key_of_its_own() -> None:
    keys = keyring_of(NEW).current

    purposes = {keys.sealing, keys.api_key_pepper, keys.refresh_derivation, keys.throttle_pepper}

    assert len(purposes) == 4


def test_a_short_master_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes, got 5"):
        keyring_of(b"short")


def test_two_splits_of_the_same_text_have_different_macs() -> None:
    assert hmac_sha256(b"k", b"ab", b"c") != hmac_sha256(b"k", b"a", b"bc")


def test_what_was_sealed_opens_again() -> None:
    keyring = keyring_of(NEW)

    envelope = seal(b"private", keyring=keyring, bound_to="kid-1")

    assert b"private" not in envelope
    assert unseal(envelope, keyring=keyring, bound_to="kid-1") == b"private"


def test_the_same_secret_never_looks_the_same() -> None:
    keyring = keyring_of(NEW)

    assert seal(b"x", keyring=keyring, bound_to="a") != seal(b"x", keyring=keyring, bound_to="a")


def test_an_envelope_of_the_previous_secret_still_opens() -> None:
    envelope = seal(b"private", keyring=keyring_of(OLD), bound_to="kid-1")

    assert unseal(envelope, keyring=keyring_of(NEW, [OLD]), bound_to="kid-1") == b"private"


def test_an_envelope_of_an_unknown_secret_does_not_open() -> None:
    envelope = seal(b"private", keyring=keyring_of(OLD), bound_to="kid-1")

    with pytest.raises(SealBroken, match="not on the keyring"):
        unseal(envelope, keyring=keyring_of(NEW), bound_to="kid-1")


def test_an_envelope_moved_to_another_row_does_not_open() -> None:
    keyring = keyring_of(NEW)
    envelope = seal(b"private", keyring=keyring, bound_to="kid-1")

    with pytest.raises(SealBroken, match="belongs elsewhere"):
        unseal(envelope, keyring=keyring, bound_to="kid-2")


@pytest.mark.parametrize("place", range(25))
def test_one_flipped_bit_anywhere_is_noticed(place: int) -> None:
    keyring = keyring_of(NEW)
    envelope = bytearray(seal(b"private!", keyring=keyring, bound_to="kid-1"))
    envelope[place] ^= 1

    with pytest.raises(SealBroken):
        unseal(bytes(envelope), keyring=keyring, bound_to="kid-1")


@pytest.mark.parametrize("envelope", [b"", b"\x01", b"\x01" + b"x" * 16])
def test_a_stump_of_an_envelope_is_refused(envelope: bytes) -> None:
    with pytest.raises(SealBroken):
        unseal(envelope, keyring=keyring_of(NEW), bound_to="kid-1")

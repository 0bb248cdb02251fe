"""argon2id: what is right, what is wrong, what costs the same, what is not taken."""

import asyncio
import threading
from unittest.mock import patch

import argon2
import pytest

from subgraphs.auth.keys.passwords import (
    Argon2Parameters,
    Checked,
    HashingOverloaded,
    Passwords,
    weakness_of,
)

CHEAP = Argon2Parameters(memory_kib=8, passes=1, lanes=1)
PASSWORD = "a long enough password"


async def test_a_hash_is_an_argon2id_phc_string_with_its_parameters() -> None:
    phc = await Passwords(CHEAP).hash(PASSWORD)

    assert phc.startswith("$argon2id$v=19$m=8,t=1,p=1$")


async def test_the_right_password_is_right_and_another_is_not() -> None:
    passwords = Passwords(CHEAP)
    phc = await passwords.hash(PASSWORD)

    assert (await passwords.check(phc, PASSWORD)).is_correct
    assert not (await passwords.check(phc, PASSWORD + "!")).is_correct


async def test_the_same_letters_typed_differently_are_the_same_password() -> None:
    passwords = Passwords(CHEAP)
    phc = await passwords.hash("Zürich im Frühling")

    assert (await passwords.check(phc, "Zu\u0308rich im Fru\u0308hling")).is_correct


async def test_a_hash_of_other_parameters_is_renewed_at_a_right_check() -> None:
    old = await Passwords(CHEAP).hash(PASSWORD)
    passwords = Passwords(Argon2Parameters(memory_kib=16, passes=2, lanes=1))

    checked = await passwords.check(old, PASSWORD)

    assert checked.new_phc is not None
    assert checked.new_phc.startswith("$argon2id$v=19$m=16,t=2,p=1$")
    assert (await passwords.check(checked.new_phc, PASSWORD)).new_phc is None


async def test_a_wrong_password_renews_nothing() -> None:
    old = await Passwords(CHEAP).hash(PASSWORD)

    checked = await Passwords(Argon2Parameters(memory_kib=16)).check(old, "wrong")

    assert not checked.is_correct
    assert checked.new_phc is None


async def test_nobody_is_checked_against_a_hash_of_the_same_price_and_is_always_wrong() -> None:
    passwords = Passwords(CHEAP)
    verified: list[str] = []
    verify = argon2.PasswordHasher.verify

    def noted(self: argon2.PasswordHasher, phc: str, password: str) -> bool:
        verified.append(phc)
        return verify(self, phc, password)

    with patch.object(argon2.PasswordHasher, "verify", noted):
        checked = await passwords.check(None, "nobody has this password")

    assert not checked.is_correct
    assert len(verified) == 1
    assert verified[0].startswith("$argon2id$v=19$m=8,t=1,p=1$")


@pytest.mark.parametrize("stored", ["", "plain", "$argon2id$v=19$m=8,t=1,p=1$broken"])
async def test_a_broken_hash_is_wrong_and_no_error(stored: str) -> None:
    assert not (await Passwords(CHEAP).check(stored, PASSWORD)).is_correct


async def test_hashing_leaves_the_loop_and_no_more_than_allowed_run_at_once() -> None:
    passwords = Passwords(CHEAP, at_once=2)
    running, most, threads = 0, 0, set[int]()
    lock, both = threading.Lock(), threading.Barrier(2, timeout=10)

    def slow(*_: object) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            threads.add(threading.get_ident())
        both.wait()
        with lock:
            running -= 1
        return "hash"

    with patch.object(argon2.PasswordHasher, "hash", slow):
        await asyncio.gather(*(passwords.hash(PASSWORD) for _ in range(8)))

    assert most == 2
    assert threading.get_ident() not in threads


async def test_a_crowd_is_turned_away_at_once_instead_of_waiting() -> None:
    passwords = Passwords(CHEAP, at_once=1, waiting=1)
    go = threading.Event()

    def held(*_: object) -> str:
        assert go.wait(10)
        return "hash"

    with patch.object(argon2.PasswordHasher, "hash", held):
        first, second = (asyncio.create_task(passwords.hash(PASSWORD)) for _ in range(2))
        await asyncio.sleep(0)
        with pytest.raises(HashingOverloaded):
            await passwords.hash(PASSWORD)
        go.set()
        assert [await first, await second] == ["hash", "hash"]
        assert await passwords.hash(PASSWORD) == "hash"


async def test_who_leaves_does_not_free_the_slot_before_the_thread_is_done() -> None:
    passwords = Passwords(CHEAP, at_once=1)
    running, most = 0, 0
    go, began = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def held(*_: object) -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        loop.call_soon_threadsafe(began.set)
        assert go.wait(10)
        running -= 1
        return "hash"

    with patch.object(argon2.PasswordHasher, "hash", held):
        left = asyncio.create_task(passwords.hash(PASSWORD))
        await began.wait()
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        stays = asyncio.create_task(passwords.hash(PASSWORD))
        for _ in range(20):  # the loop has every chance to begin the second one
            await asyncio.sleep(0)
        go.set()
        assert await stays == "hash"

    assert most == 1


async def test_a_busy_process_still_lets_in_whose_hash_is_old() -> None:
    old = await Passwords(CHEAP).hash(PASSWORD)
    passwords = Passwords(Argon2Parameters(memory_kib=16), at_once=1, waiting=0)

    async def busy(password: str) -> str:
        raise HashingOverloaded

    with patch.object(passwords, "hash", busy):
        checked = await passwords.check(old, PASSWORD)

    assert checked == Checked(is_correct=True, new_phc=None)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "at least 12"),
        ("x" * 257, "at most 256"),
        ("abababababab", "repeats"),
        ("half a letter \ud800", "cannot be written"),
        ("my mail is Ada@Example.org", "e-mail"),
    ],
)
def test_weak_passwords_are_not_taken(password: str, reason: str) -> None:
    weakness = weakness_of(password, email="ada@example.org")

    assert weakness is not None
    assert reason in weakness


def test_a_long_phrase_is_taken() -> None:
    assert weakness_of("correct horse battery staple", email="ada@example.org") is None

"""Passwords as argon2id PHC strings: hashed in threads, at most a few at once."""

import asyncio
import unicodedata
from dataclasses import dataclass

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

MINIMUM_LENGTH = 12
MAXIMUM_LENGTH = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Argon2Parameters:
    """The price of one hash. The default is the first choice of OWASP's cheat sheet: 46 MiB, one pass."""

    memory_kib: int = 47104
    passes: int = 1
    lanes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What became of a check; `new_phc` is there when the stored hash used other parameters."""

    is_correct: bool
    new_phc: str | None = None


class HashingOverloaded(Exception):
    """More checks wait than the machine can do in reasonable time."""


class Passwords:
    """Hashes and checks passwords.

    An unknown person costs the same as a known one: `check(None, ...)` verifies against a hash of a
    random password made with the current parameters.
    """

    def __init__(
        self, parameters: Argon2Parameters, *, at_once: int = 2, waiting: int = 64, dummy: str = ""
    ) -> None:
        self._argon2 = argon2.PasswordHasher(
            time_cost=parameters.passes, memory_cost=parameters.memory_kib, parallelism=parameters.lanes
        )
        self._slots = asyncio.Semaphore(at_once)
        self._room = at_once + waiting
        self._dummy = dummy or self._argon2.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """A PHC string for the password."""
        return await self._in_thread(password)

    async def check(self, phc: str | None, password: str) -> Checked:
        """Whether the password is the one behind `phc`; `None` (nobody) is always wrong, as slowly."""
        stored = phc if phc is not None else self._dummy
        is_correct = await self._verify_in_thread(stored, password)
        if phc is None or not is_correct:
            return Checked(is_correct=False)
        if self._argon2.check_needs_rehash(phc):
            return Checked(is_correct=True, new_phc=await self.hash(password))
        return Checked(is_correct=True)

    async def _in_thread(self, password: str) -> str:
        async with self._slot():
            return await asyncio.to_thread(self._argon2.hash, _bytes_of(password))

    async def _verify_in_thread(self, phc: str, password: str) -> bool:
        async with self._slot():
            return await asyncio.to_thread(self._matches, phc, _bytes_of(password))

    def _matches(self, phc: str, password: bytes) -> bool:
        try:
            return self._argon2.verify(phc, password)
        except (VerificationError, InvalidHashError):
            return False

    def _slot(self) -> "_Slot":
        return _Slot(self)

    async def enter(self) -> None:
        """Take a slot; raises HashingOverloaded when too many wait already."""
        if self._room == 0:
            raise HashingOverloaded
        self._room -= 1
        try:
            await self._slots.acquire()
        except BaseException:
            self._room += 1
            raise

    def leave(self) -> None:
        """Give the slot back."""
        self._slots.release()
        self._room += 1


class _Slot:
    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords

    async def __aenter__(self) -> None:
        await self._passwords.enter()

    async def __aexit__(self, *_: object) -> None:
        self._passwords.leave()


def normal_form(password: str) -> str:
    """The password as every keyboard gives it: Unicode NFKC."""
    return unicodedata.normalize("NFKC", password)


def weakness_of(password: str, *, email: str | None = None) -> str | None:
    """Why the password is not taken, as a sentence; None when it is fine."""
    text = normal_form(password)
    if len(text) < MINIMUM_LENGTH:
        return f"The password needs at least {MINIMUM_LENGTH} characters."
    if len(text) > MAXIMUM_LENGTH:
        return f"The password may have at most {MAXIMUM_LENGTH} characters."
    if not text.isprintable():
        return "The password contains characters that cannot be written."
    if len(set(text)) < 5:
        return "The password repeats too few different characters."
    if email is not None and _contains_address(text, email):
        return "The password contains the e-mail address."
    return None


def _bytes_of(password: str) -> bytes:
    return normal_form(password).encode("utf-8", "surrogatepass")


def _contains_address(password: str, email: str) -> bool:
    return email.casefold() in password.casefold()

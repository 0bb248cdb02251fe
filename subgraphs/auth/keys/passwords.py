"""Passwords as argon2id PHC strings: hashed in threads, at most a few at once."""

import asyncio
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

ResultT = TypeVar("ResultT")

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

    An unknown person costs the same as a known one: `check(None, ...)` verifies against a hash that was
    made with the current parameters and fits nobody.
    """

    def __init__(self, parameters: Argon2Parameters, *, at_once: int = 2, waiting: int = 64) -> None:
        self._argon2 = argon2.PasswordHasher(
            time_cost=parameters.passes, memory_cost=parameters.memory_kib, parallelism=parameters.lanes
        )
        self._slots = asyncio.Semaphore(at_once)
        self._room = at_once + waiting
        self._under_way: set[asyncio.Task[Any]] = set()
        self._nobodys = self._argon2.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """A PHC string for the password; raises HashingOverloaded."""
        return await self._in_thread(self._argon2.hash, _bytes_of(password))

    async def check(self, phc: str | None, password: str) -> Checked:
        """Whether the password is the one behind `phc`; `None` (nobody) is always wrong, as slowly.

        Raises HashingOverloaded.
        """
        stored = phc if phc is not None else self._nobodys
        is_correct = await self._in_thread(self._matches, stored, _bytes_of(password))
        if phc is None or not is_correct:
            return Checked(is_correct=False)
        return Checked(is_correct=True, new_phc=await self._renewed(phc, password))

    async def _renewed(self, phc: str, password: str) -> str | None:
        """A hash with the current parameters, if this one has others and there is time."""
        if not self._argon2.check_needs_rehash(phc):
            return None
        try:
            return await self.hash(password)
        except HashingOverloaded:
            return None

    def _matches(self, phc: str, password: bytes) -> bool:
        try:
            return self._argon2.verify(phc, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[..., ResultT], *arguments: object) -> ResultT:
        """What the work gives. A caller who leaves does not free the slot: the thread goes on."""
        if self._room == 0:
            raise HashingOverloaded
        self._room -= 1
        task = asyncio.create_task(self._in_slot(work, *arguments))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def _in_slot(self, work: Callable[..., ResultT], *arguments: object) -> ResultT:
        try:
            async with self._slots:
                return await asyncio.to_thread(work, *arguments)
        finally:
            self._room += 1


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

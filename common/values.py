"""Frozen values of the request path: as `dataclass(frozen=True, slots=True, kw_only=True)`, made quicker.

A frozen dataclass sets each of its fields through a function, since its own assignments are forbidden too.
That takes longer than all the rest of making it, and a small request makes a dozen of them. These are frozen
for mypy, which checks every line of ours, and not once more at run time.
"""

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

Class = TypeVar("Class")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def value(cls: type[Class]) -> type[Class]:
    """Make the class one of values: equal if their fields are, hashable if their fields are."""
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(cls)

"""What a contract keeps and what it hides, said in tags."""

import re
from dataclasses import dataclass

TAG = re.compile(r"[A-Za-z0-9_/-]{1,128}")


class FilterInvalid(ValueError):
    """The filter says nothing, or contradicts itself; the message says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """`include`: only what has one of these tags stays. `exclude`: what has one of those goes."""

    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    hide_unreachable: bool = True

    def __post_init__(self) -> None:
        if not self.include and not self.exclude:
            raise FilterInvalid("A contract needs at least one tag to include or exclude.")
        for tag in sorted(self.include | self.exclude):
            if not TAG.fullmatch(tag):
                raise FilterInvalid(
                    f"{tag[:140]!r} is no tag: 1 to 128 letters, digits, hyphens, underscores and slashes."
                )
        if both := sorted(self.include & self.exclude):
            raise FilterInvalid(f'Tag "{both[0]}" is both included and excluded: decide for one.')

"""Where in the response tree a fetch works.

A path is a tuple of steps from the root of the data. Example: the entities behind
`{ search { ... on Book { author { name } } } }` sit at `search.@|[Book].author`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """Down into the value under this response key (as stored: an internal alias if there is one)."""

    name: str


@dataclass(frozen=True, slots=True)
class Each:
    """Into every item of a list, one level."""


@dataclass(frozen=True, slots=True)
class OnTypes:
    """Only values whose `__typename` is one of these object types."""

    names: frozenset[str]


PathStep = Key | Each | OnTypes
Path = tuple[PathStep, ...]


def show_path(path: Path) -> str:
    """The path as a person reads it: `search.@|[Book|Movie].author`."""
    text = ""
    for step in path:
        match step:
            case Key(name):
                text += f".{name}" if text else name
            case Each():
                text += ".@" if text else "@"
            case OnTypes(names):
                text += f"|[{'|'.join(sorted(names))}]"
    return text

"""One branch of generated code for each runtime type; branches with the same code are one."""

from collections.abc import Callable, Iterable

from router.compiled.place import Place
from router.compiled.source import Lines


def branch_on_type(
    place: Place, typename: str, types: Iterable[str], write: Callable[[Place, str], None]
) -> bool:
    """Write `if typename == ...` with what `write` writes for every type; False if that is nothing at all."""
    by_code: dict[str, tuple[Lines, list[str]]] = {}
    for name in sorted(types):
        part = place.lines.part()
        part.depth += 1
        write(place.narrowed(frozenset((name,)), part), name)
        if part.text:
            by_code.setdefault(str(part), (part, []))[1].append(name)
    word = "if"
    for part, names in by_code.values():
        test = f"== {names[0]!r}" if len(names) == 1 else f"in {place.lines.constants.name(frozenset(names))}"
        place.lines.line(f"{word} {typename} {test}:")
        place.lines.take(part)
        word = "elif"
    return bool(by_code)

"""One branch of generated code for each runtime type; branches with the same code are one."""

from collections.abc import Callable, Hashable, Iterable

from router.compiled.place import Place
from router.compiled.source import Lines


def branch_on_type(
    place: Place,
    typename: str,
    types: Iterable[str],
    write: Callable[[Place, str], None],
    told_apart_by: Callable[[str], Hashable],
) -> bool:
    """Write `if typename == ...` with what `write` writes for every type; False if that is nothing at all.

    Types of which the place knows the same, and that `told_apart_by` does not tell apart, are written once.
    """
    alike: dict[Hashable, list[str]] = {}
    for name in sorted(types):
        alike.setdefault((place.known_of(name), told_apart_by(name)), []).append(name)
    by_code: dict[str, tuple[Lines, list[str]]] = {}
    for names in alike.values():
        part = place.lines.part()
        part.depth += 1
        write(place.narrowed(frozenset(names), part), names[0])
        if part.text:
            by_code.setdefault(str(part), (part, []))[1].extend(names)
    word = "if"
    for part, names in by_code.values():
        test = f"== {names[0]!r}" if len(names) == 1 else f"in {place.lines.constants.name(frozenset(names))}"
        place.lines.line(f"{word} {typename} {test}:")
        place.lines.take(part)
        word = "elif"
    return bool(by_code)

"""What commands print for people: columns, and nothing that could steer a terminal."""

from collections.abc import Iterable, Sequence


def printable(text: object) -> str:
    """The text on one line, without what could steer a terminal: names come from anywhere."""
    return "".join(one if one.isprintable() else "?" for one in str(text))


def columns(heads: Sequence[str], rows: Iterable[Sequence[object]], *, right: frozenset[int]) -> str:
    """Lines of a table; the columns in `right` are numbers."""
    lines = [[printable(cell) for cell in row] for row in ([head.upper() for head in heads], *rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(heads))]

    def written(line: Sequence[str]) -> str:
        cells = (
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        return "  ".join(cells).rstrip()

    return "\n".join(written(line) for line in lines)

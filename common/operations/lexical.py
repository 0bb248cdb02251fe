"""The words of a GraphQL text, for those who only compare or show it; nothing is parsed."""

import re

_PART = re.compile(
    r"(?:[\ufeff\t\n\r ,]+|#[^\n\r]*)+"
    r"|("
    r'"""(?:[^"\\]++|"(?!"")|\\"""|\\(?!"""))*"""'  # a block string; before the empty string
    r'|"(?:[^"\\\n\r]++|\\.)*"'
    r"|-?[0-9][0-9.eE+\-]*"
    r"|[_A-Za-z][_0-9A-Za-z]*"
    r"|\.\.\.|[!$&()\[\]{}:=@|]"
    r")",
    re.DOTALL,
)


def words_of(text: str) -> list[str] | None:
    """The words without blanks, commas and comments; None if it cannot be GraphQL."""
    words: list[str] = []
    place, end = 0, len(text)
    while place < end:
        part = _PART.match(text, place)  # never searched for: that would take hostile texts quadratic time
        if part is None:
            return None
        place = part.end()
        if part[1] is not None:
            words.append(part[1])
    return words


def without_literals(text: str) -> str | None:
    """The text with every string and number replaced: `a(b: "x", c: 2)` becomes `a ( b : "" c : 0 )`.

    What people write into a document may be nobody else's business. None if it cannot be GraphQL.
    """
    words = words_of(text)
    return None if words is None else " ".join(map(_hidden, words))


def _hidden(word: str) -> str:
    if word[0] == '"':
        return '""'
    return "0" if word[0] in "-0123456789" else word

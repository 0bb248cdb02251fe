"""A document without what makes no difference: two texts of one canonical form are the same document.

`query  B { b }  # last` + `query A{a}`  become  `query A { a }` + `query B { b }`

Blanks, commas and comments go, definitions are sorted. No document is parsed for that: whoever asks is a
stranger, and a canonical form is only ever compared with those of registered documents.
"""

import re

_PART = re.compile(
    r"(?:[\ufeff\t\n\r ,]+|#[^\n\r]*)+"
    r"|("
    r'"""(?:\\"""|(?!""").)*+"""'  # a block string; before the empty string
    r'|"(?:\\.|[^"\\\n\r])*+"'
    r"|-?[0-9][0-9.eE+\-]*"
    r"|[_A-Za-z][_0-9A-Za-z]*"
    r"|\.\.\.|[!$&()\[\]{}:=@|]"
    r")",
    re.DOTALL,
)


def canonical(text: str) -> str | None:
    """The canonical form, None if the text cannot be an executable document."""
    definitions: list[str] = []
    words: list[str] = []
    depth = place = 0
    is_body = False
    while place < len(text):
        part = _PART.match(text, place)  # never searched for: that would take hostile texts quadratic time
        if part is None:
            return None
        place = part.end()
        word = part[1]
        if word is None:
            continue
        words.append(word)
        if word in "{(":
            depth += 1
            is_body = is_body or (word == "{" and depth == 1)
        elif word in "})":
            depth -= 1
            if depth == 0 and is_body:
                definitions.append(" ".join(words))
                words, is_body = [], False
    if words or not definitions:
        return None
    return "\n".join(sorted(definitions))

"""A document without what makes no difference: two texts of one canonical form are the same document.

`query  B { b }  # last` + `query A{a}`  become  `query A { a }` + `query B { b }`

Blanks, commas and comments go, definitions are sorted. No document is parsed for that: whoever asks is a
stranger, and a canonical form is only ever compared with those of registered documents.
"""

from common.operations.lexical import words_of


def canonical(text: str) -> str | None:
    """The canonical form, None if the text cannot be an executable document."""
    definitions = definitions_of(text)
    return None if definitions is None else "\n".join(sorted(definitions))


def definitions_of(text: str) -> list[str] | None:
    """Every definition, its words with one blank between; None if it cannot be an executable document."""
    words = words_of(text)
    if words is None:
        return None
    definitions: list[str] = []
    depth = begin = 0
    is_body = False
    for place, word in enumerate(words):
        if word in "{(":
            depth += 1
            is_body = is_body or (word == "{" and depth == 1)
        elif word in "})":
            depth -= 1
            if depth == 0 and is_body:
                definitions.append(" ".join(words[begin : place + 1]))
                begin, is_body = place + 1, False
    return definitions if definitions and begin == len(words) else None

"""Which names an operation may be asked by, read from a document without parsing it."""

import pytest

from router.pipeline.warm import names_in


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{ a }", [None]),
        ("query { a }", [None]),
        ("query ($x: Int) { a }", [None]),
        ("query A { a }", ["A", None]),
        ("fragment F on T { a } subscription A { ...F }", ["A", None]),
        ("query A($x: I = {a: 1}) @d { a } # end\nmutation B { b }", ["A", "B"]),
        ("fragment F on T { a }", []),
        ("not GraphQL }", []),
    ],
)
def test_names(text: str, names: list[str | None]) -> None:
    assert names_in(text) == names

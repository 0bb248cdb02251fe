"""Words of a text without parsing it, and texts without what people wrote into them."""

import pytest
from graphql import parse

from common.operations.lexical import without_literals, words_of


def test_blanks_commas_and_comments_are_no_words() -> None:
    text = 'query A($x:[Int!]=[1,-2.5e3])@d{...F,a(b:"x, # y")}# end'

    words = words_of(text)

    assert words is not None
    assert " ".join(words) == ('query A ( $ x : [ Int ! ] = [ 1 -2.5e3 ] ) @ d { ... F a ( b : "x, # y" ) }')


def test_literals_are_hidden_and_the_rest_stays_a_document() -> None:
    text = '{ a(b: "secret \\" }", c: """block "" secret""", d: [1, -2.5], e: RED, f: true, g: null) { h } }'

    hidden = without_literals(text)

    assert hidden == '{ a ( b : "" c : "" d : [ 0 0 ] e : RED f : true g : null ) { h } }'
    assert parse(hidden).definitions


@pytest.mark.parametrize("text", ['"', '{ a(b: "x) }', "{ a ? }", "'", '"""', "\\"])
def test_what_cannot_be_graphql_has_no_words(text: str) -> None:
    assert words_of(text) is None
    assert without_literals(text) is None

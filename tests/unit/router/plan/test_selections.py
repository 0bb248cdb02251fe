"""Documents of fetches are read quickly, and as they are meant."""

import pytest
from graphql.language.print_string import print_string
from hypothesis import given
from hypothesis import strategies as st

from router.plan.selections import Selected, selections_in
from tests.factories.parsed_selections import parsed_selections


def test_keys_are_found_with_what_is_below_them() -> None:
    found = selections_in("query($a:A){b:c(d:$a){e ...on T{f}}g}")

    assert found == [
        Selected("b", None, [Selected("e", None, None), Selected(None, "T", [Selected("f", None, None)])]),
        Selected("g", None, None),
    ]


@pytest.mark.parametrize(
    "document",
    [
        "{a}",
        "mutation{a b}",
        'query($a:[A!]!,$b:B={c:{d:["}){"]}}){x:a(b:{c:[1,-2.5e3,E,null,$b]}) y}',
        'query Name ( $a : Int = 1 ) @live(x:"{") { a @skip(if: $a) { b }, c : d @include(if:$a)@other\n}',
        "{...{a}...on A{b ...@include(if:$a){c}}... on B @skip(if: $b) { on }}",
        '{a(b:"",c:"\\"",d:"\\\\")e(f:"(")g(h:")")i(j:"}"){k}}',
        "subscription{on:on{query mutation}}",
        "{a{b{c{d{e{f}}}}}g{h}}",
    ],
)
def test_nothing_that_is_no_selection_gets_in_the_way(document: str) -> None:
    assert selections_in(document) == parsed_selections(document)


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8")), min_size=1, max_size=4))
def test_strings_may_hold_anything(texts: list[str]) -> None:
    arguments = ",".join(f"a{at}:{print_string(text)}" for at, text in enumerate(texts))

    document = f"{{x:y({arguments})@d({arguments}){{z}}q}}"

    assert selections_in(document) == parsed_selections(document)

"""Names, addresses, tags and revisions, as they may be written."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InvalidInput
from subgraphs.gateway.service.contracts import contract_of
from subgraphs.gateway.service.wording import (
    clean_git_revision,
    clean_sdl,
    clean_subgraph_name,
    clean_tags,
    clean_url,
)


@pytest.mark.parametrize(
    "url",
    [
        "http://a",
        "https://orders.example:8443/graphql?tenant=1",
        "http://127.0.0.1:4001/graphql",
        "http://[::1]:4000/graphql",
        "http://orders.internal/graphql/",
        "http://order_items.default.svc.cluster.local.:4000/graphql",
    ],
)
def test_addresses_of_subgraphs_are_kept_as_they_are(url: str) -> None:
    assert clean_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "orders",
        "//orders/graphql",
        "file:///etc/passwd",
        "router:nodes",
        "ftp://orders/",
        "http://",
        "http://?x",
        "http://me:hidden@orders/",
        "http://me@orders/",
        "http://orders/#part",
        "http://orders/#",
        "http://orders:0/",
        "http://orders:65536/",
        "http://orders:x/",
        "http://or ders/",
        "http://orders/\r\nx-a: b",
        "http://orders/\n",
        "http://a..b/",
        "http://.",
        f"http://{'a' * 64}/",
        f"http://{'a.' * 127}a/",
        "http://%00/",
        "http://[zz]/",
        "http://[::1%25eth0]/",
        "http://[v1.a]/",
        "http://bücher/",
        "http://orders\\@other/",
        f"http://orders/{'a' * 2_000}",
    ],
)
def test_no_addresses_of_subgraphs(url: str) -> None:
    with pytest.raises(InvalidInput):
        clean_url(url)


@given(st.text())
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        url = clean_url(text)
    except InvalidInput:
        return
    assert url.startswith(("http://", "https://"))
    assert "@" not in url.partition("://")[2].partition("/")[0]


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_any_text_is_a_schema_or_refused(text: str, largest: int) -> None:
    with contextlib.suppress(InvalidInput):
        assert len(clean_sdl(text, largest).encode()) <= largest


@pytest.mark.parametrize("name", ["a", "order-items", "Orders_2", "a" * 63])
def test_names_of_subgraphs(name: str) -> None:
    assert clean_subgraph_name(name) == name


@pytest.mark.parametrize("name", ["", "_", "1a", "a b", "a\n", "ä", "a" * 64, "a/b"])
def test_no_names_of_subgraphs(name: str) -> None:
    with pytest.raises(InvalidInput):
        clean_subgraph_name(name)


def test_revisions_are_short_words() -> None:
    assert clean_git_revision("") == ""
    assert clean_git_revision("release/2.0-rc1") == "release/2.0-rc1"
    for wrong in ("a b", "$(x)", "a" * 101, "a\n"):
        with pytest.raises(InvalidInput):
            clean_git_revision(wrong)


def test_tags_are_sorted_and_said_once() -> None:
    assert clean_tags(["b", "a", "b"], "include") == ("a", "b")
    for wrong in ([""], ["a b"], ["a" * 129], [str(number) for number in range(101)]):
        with pytest.raises(InvalidInput):
            clean_tags(wrong, "include")


def test_a_contract_says_something_and_does_not_contradict_itself() -> None:
    assert contract_of("app", ["b", "a"], [], False).include == ("a", "b")
    for include, exclude in (([], []), (["a"], ["a"])):
        with pytest.raises(InvalidInput):
            contract_of("app", include, exclude, True)
    with pytest.raises(InvalidInput):
        contract_of("Not a slug", ["a"], [], True)

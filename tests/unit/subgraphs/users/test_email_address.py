"""E-mail addresses: spellings that are one person, and look-alikes that are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.users.errors import EmailInvalid
from subgraphs.users.service.email_address import email_address

locals_ = st.from_regex(r"[a-zA-Z0-9_+-]{1,20}", fullmatch=True)
domains = st.from_regex(r"[a-z0-9]{1,20}\.[a-z]{2,10}", fullmatch=True)


def is_valid(text: str) -> bool:
    try:
        email_address(text)
    except EmailInvalid:
        return False
    return True


@given(local=locals_, domain=domains)
def test_case_and_blanks_around_do_not_matter(local: str, domain: str) -> None:
    written = email_address(f"  {local.upper()}@{domain.title()} ")

    assert written.folded == email_address(f"{local}@{domain}").folded
    assert written.folded == written.folded.lower()


@given(local=locals_, domain=domains)
def test_folding_twice_changes_nothing(local: str, domain: str) -> None:
    folded = email_address(f"{local}@{domain}").folded

    assert email_address(folded).folded == folded


@given(text=st.text(max_size=100))
def test_any_text_is_an_address_or_refused_and_never_more_than_one_line(text: str) -> None:
    try:
        address = email_address(text)
    except EmailInvalid:
        return

    assert address.folded.isascii()
    assert address.text.isprintable()
    assert address.text.count("@") == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "a@",
        "@example.com",
        "a@example",
        "a@-x.com",
        "a@x-.com",
        "a..b@example.com",
        ".a@example.com",
        "a.@example.com",
        "a@b@example.com",
        "a b@example.com",
        "a@exam ple.com",
        "a@example.com\nBcc: b@example.com",
        "a@example.com\x00",
        "a@[127.0.0.1]",
        "ıan@example.com",  # a dotless i folds to an i elsewhere
        "\N{CYRILLIC SMALL LETTER A}da@example.com",
        "ＡＤＡ@example.com",
        "a" * 65 + "@example.com",
        "a@" + ".".join(["b" * 60] * 5) + ".com",
        "<script>@example.com",
        '"quoted"@example.com',
    ],
)
def test_what_is_no_plain_address_is_refused(text: str) -> None:
    assert not is_valid(text)


def test_a_domain_in_other_letters_is_its_ascii_form_so_a_look_alike_is_another_person() -> None:
    cyrillic = email_address("ada@ex\N{CYRILLIC SMALL LETTER A}mple.com")

    assert cyrillic.folded.startswith("ada@xn--")
    assert cyrillic.folded != email_address("ada@example.com").folded
    assert cyrillic.text == cyrillic.folded
    assert email_address("ada@BÜCHER.example").folded == "ada@xn--bcher-kva.example"


def test_the_written_form_is_kept_for_the_mail() -> None:
    assert email_address(" Ada.Lovelace+x@Example.COM ").text == "Ada.Lovelace+x@Example.COM"

"""Ids: sorted by time, one text per id, anything else refused."""

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ids import InvalidId, from_global_id, split_global_id, to_global_id, uuid7

SOME = UUID("12345678-9abc-4def-8123-456789abcdef")


def test_uuid7_is_of_version_seven_unique_and_sorted_by_time() -> None:
    made = [uuid7() for _ in range(1000)]

    assert {(id.version, id.variant) for id in made} == {(7, "specified in RFC 4122")}
    assert len(set(made)) == 1000
    assert [id.int >> 80 for id in made] == sorted(id.int >> 80 for id in made)


@given(st.from_regex(r"[A-Z][A-Za-z0-9]{0,30}", fullmatch=True), st.uuids())
def test_a_global_id_leads_back(type_name: str, id: UUID) -> None:
    text = to_global_id(type_name, id)

    assert split_global_id(text) == (type_name, id)
    assert from_global_id(text, type_name) == id
    assert "=" not in text


@given(st.text(max_size=120))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidId):
        split_global_id(text)


def encoded(text: str) -> str:
    """Base64url, however odd the text."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        {"a": 1},
        "",
        "a" * 5000,
        encoded(f"User:{SOME}") + "=",
        encoded(f"User:{SOME}").replace("V", "V\n", 1),
        encoded(f"User:{SOME!s}".replace("-", "")),
        encoded(f"User:{{{SOME}}}"),
        encoded(f"User:{str(SOME).upper()}A"),
        encoded(f":{SOME}"),
        encoded(f"Us er:{SOME}"),
        encoded(str(SOME)),
    ],
)
def test_what_is_nearly_an_id_is_none(text: object) -> None:
    with pytest.raises(InvalidId):
        split_global_id(text)


def test_an_id_of_another_type_names_the_one_that_was_expected() -> None:
    with pytest.raises(InvalidId, match="'Organization'") as refused:
        from_global_id(to_global_id("User", uuid7()), "Organization")

    assert (refused.value.code, refused.value.kind) == ("INVALID_ID", "invalid")

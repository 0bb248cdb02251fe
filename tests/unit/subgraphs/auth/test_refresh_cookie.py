"""The cookie of the refresh token: what is set, what is read."""

from datetime import UTC, datetime, timedelta

import pytest

from subgraphs.auth.graphql.cookies import expired_cookie, refresh_cookie, refresh_token_in

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def test_the_cookie_is_bound_to_host_and_hidden_from_scripts() -> None:
    cookie = refresh_cookie("token", expires_at=NOW + timedelta(minutes=1), now=NOW)

    assert cookie == ("__Host-atrium-refresh=token; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Strict")
    assert "Domain" not in cookie  # __Host- forbids it


def test_an_end_that_has_passed_takes_the_cookie_away() -> None:
    assert "Max-Age=0;" in refresh_cookie("token", expires_at=NOW - timedelta(minutes=1), now=NOW)
    assert "Max-Age=0;" in expired_cookie()


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("__Host-atrium-refresh=abc", "abc"),
        ("a=b; __Host-atrium-refresh=abc; c=d", "abc"),
        ("a=b;__Host-atrium-refresh=abc", "abc"),
        ("atrium-refresh=abc", None),
        ("__Host-atrium-refresh=", None),
        ("__Host-atrium-refresh", None),
        ("__host-atrium-refresh=abc", None),
        ("x__Host-atrium-refresh=abc", None),
        (f"__Host-atrium-refresh={'a' * 513}", None),
        ("", None),
        ("; ; =;", None),
    ],
)
def test_only_the_cookie_of_this_name_is_read(header: str, token: str | None) -> None:
    assert refresh_token_in({"cookie": header}) == token


def test_without_cookies_there_is_no_token() -> None:
    assert refresh_token_in({}) is None

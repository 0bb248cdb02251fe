"""A GET that any page could have caused is refused."""

import pytest

from router.errors import CrossSiteRequest
from router.wire.csrf import check_get


@pytest.mark.parametrize(
    "headers",
    [
        {"apollo-require-preflight": "1"},
        {"x-apollo-operation-name": "A", "sec-fetch-site": "cross-site"},
        {"content-type": "application/json", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"accept": "application/graphql-response+json"},
    ],
)
def test_a_get_that_was_meant_goes_through(headers: dict[str, str]) -> None:
    check_get(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"accept": "*/*"},
        {"accept": "application/json", "sec-fetch-site": "cross-site"},
        {"accept": "application/json", "sec-fetch-site": "same-site"},
        {"content-type": "text/plain", "accept": "*/*"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "garbage"},
        {"apollo-require-preflight": ""},
    ],
)
def test_a_get_that_a_page_could_cause_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(CrossSiteRequest) as refused:
        check_get(headers)

    assert refused.value.code == "CSRF_PREVENTED"

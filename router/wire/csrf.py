"""Which requests a browser could be tricked into sending from a foreign page.

A page of another origin may send, without asking first (a CORS preflight), GETs and POSTs of three
content types. A POST is safe because only `application/json` is read, and multipart forms with a header that
forces a preflight. A GET must show that it was meant: by such a header, by the browser's own word that the
page is ours (`Sec-Fetch-Site`), or, from programs that are no browser, by naming a JSON type in `Accept`, or
events without an `Origin`: an EventSource of a foreign page always names it.
"""

from collections.abc import Mapping

from router.errors import CrossSiteRequest

PREFLIGHT_HEADERS = ("apollo-require-preflight", "x-apollo-operation-name", "graphql-require-preflight")
SIMPLE_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
OWN_SITES = ("same-origin", "none")


def check_get(headers: Mapping[str, str]) -> None:
    """Refuse a GET that any page could have caused."""
    if _forces_preflight(headers):
        return
    site = headers.get("sec-fetch-site")
    if site in OWN_SITES or (site is None and _is_a_program(headers)):
        return
    raise CrossSiteRequest(
        f"This GET could come from a foreign page: send the header {PREFLIGHT_HEADERS[0]!r} with any value."
    )


def check_form(headers: Mapping[str, str]) -> None:
    """Refuse a multipart form that any page could have sent."""
    if not any(headers.get(name) for name in PREFLIGHT_HEADERS):
        raise CrossSiteRequest(
            f"This form could come from a foreign page: send the header {PREFLIGHT_HEADERS[0]!r}."
        )


def _is_a_program(headers: Mapping[str, str]) -> bool:
    accept = headers.get("accept", "")
    return "json" in accept or ("text/event-stream" in accept and "origin" not in headers)


def _forces_preflight(headers: Mapping[str, str]) -> bool:
    if any(headers.get(name) for name in PREFLIGHT_HEADERS):
        return True
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return "/" in media_type and media_type not in SIMPLE_TYPES

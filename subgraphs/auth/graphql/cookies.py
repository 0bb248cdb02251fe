"""The refresh token in a browser: a cookie that no script can read and no other host can set.

`__Host-` demands Secure. Browsers treat http://localhost and http://127.0.0.1 as trustworthy and keep such a
cookie there too, so that development needs no weaker one. SameSite=Strict: no other site can use it.
"""

from collections.abc import Mapping
from datetime import datetime

NAME = "__Host-atrium-refresh"
_LONGEST = 512


def refresh_cookie(token: str, *, expires_at: datetime, now: datetime) -> str:
    """The Set-Cookie value that hands the token to a browser."""
    seconds = max(0, int((expires_at - now).total_seconds()))
    return f"{NAME}={token}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict"


def expired_cookie() -> str:
    """The Set-Cookie value that takes it away."""
    return f"{NAME}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"


def refresh_token_in(headers: Mapping[str, str]) -> str | None:
    """The token that the browser sent, if it sent one."""
    for pair in headers.get("cookie", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == NAME and 0 < len(value) <= _LONGEST:
            return value
    return None

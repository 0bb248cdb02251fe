"""GET /.well-known/jwks.json: the keys with which access tokens are checked (RFC 7517)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from subgraphs.auth.service.parts import AuthParts

PATH = "/.well-known/jwks.json"
# A key is published a whole period before it signs: nobody misses it by remembering the set for a while.
_CACHED = "public, max-age=300"


def jwks_route(parts: AuthParts) -> Route:
    """Where everybody reads the public keys."""

    async def jwks(request: Request) -> Response:
        return JSONResponse(await parts.signing.published(), headers={"cache-control": _CACHED})

    return Route(PATH, jwks, methods=["GET"])

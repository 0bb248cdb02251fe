"""The route on which subgraphs deliver events: whoever knows a subscription's id and verifier may."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from router.subgraph_client.callback import PATH, Callbacks

PROTOCOL = {"subscription-protocol": "callback/1.0"}


def callback_route(callbacks: Callbacks) -> Route:
    """POST of one message to one subscription; how large and slow it may be is the guard's to see to."""

    async def take(request: Request) -> Response:
        told = callbacks.take(request.path_params["id"], await request.body())
        return Response(status_code=told, headers=PROTOCOL)

    return Route(f"{PATH}/{{id}}", take, methods=["POST"])

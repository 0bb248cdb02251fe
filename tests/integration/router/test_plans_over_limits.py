"""A plan over a limit is refused with a sentence that names it, counted, and costs nobody else anything."""

from dataclasses import replace

import pytest

from router.settings import OperationLimits, RouterSettings, Timeouts
from tests.integration.router.conftest import SETTINGS, started

QUERY = "{ products { name reviews { text author: id } } }"
STATUS_SAYS_MORE = {"accept": "application/graphql-response+json"}


@pytest.mark.parametrize(
    ("settings", "status", "code", "said"),
    [
        (replace(SETTINGS, limits=OperationLimits(max_paths=1)), 400, "PLAN_TOO_COMPLEX", "more than 1 "),
        (replace(SETTINGS, limits=OperationLimits(max_plan_parts=1)), 400, "PLAN_TOO_LARGE", "more than 1 "),
        (replace(SETTINGS, timeouts=Timeouts(plan=1e-6)), 503, "PLAN_TIMEOUT", "1e-06"),
    ],
    ids=["ways", "parts", "time"],
)
async def test_a_plan_over_a_limit_is_refused_and_counted(
    settings: RouterSettings, status: int, code: str, said: str
) -> None:
    async for platform in started(replace(settings, metrics=True), over_http=False):
        answer = await platform.ask(QUERY, headers=STATUS_SAYS_MORE)
        again = await platform.ask(QUERY, headers=STATUS_SAYS_MORE)

        assert (answer.status, answer.codes) == (again.status, again.codes) == (status, [code])
        assert said in answer.body["errors"][0]["message"]
        assert "data" not in answer.body
        assert not platform.products.calls
        shown = (await platform.send("GET", "/metrics")).body
        assert f'atrium_router_refused_total{{code="{code}",stage="plan"}} 2.0' in shown
        assert (await platform.send("GET", "/healthz")).status == 200

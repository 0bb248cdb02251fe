"""What routers in other processes counted comes in here."""

from collections.abc import Mapping
from typing import Any

from common.graphql.subgraph import Internal
from common.operations.usage import UsageRefused, usage_of
from subgraphs.gateway.errors import UsageUnreadable
from subgraphs.gateway.service.usage import UsageRecorder

USAGE_PATH = "/internal/usage"


def usage_reports(recorder: UsageRecorder) -> dict[str, Internal]:
    """POST /internal/usage: a report, counted unless it was before."""

    async def report(whole: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            batch = usage_of(whole)
        except UsageRefused as refused:
            raise UsageUnreadable(str(refused)) from refused
        return {"accepted": await recorder.record(batch)}

    return {USAGE_PATH: report}

"""What the gateway domain tidies now and then."""

from datetime import timedelta

from common.tasks.task import TaskRun, TaskSet
from subgraphs.gateway.service.forgetting import forget_for_system
from subgraphs.gateway.service.parts import GatewayParts

TASKS = TaskSet(domain="gateway")

_LIMIT = timedelta(minutes=2)


@TASKS.every(timedelta(hours=6), name="gateway.forget_usage")
async def forget_usage(run: TaskRun[GatewayParts]) -> None:
    """Let go of old usage, of what was retired long ago, and of texts that nobody needs."""
    resources = run.resources
    async with resources.database.unit_of_work_for_system(
        domain="gateway", job=run.name, limit=_LIMIT
    ) as work:
        forgotten = await forget_for_system(work, resources.clock, run.parts.settings)
    run.log.info(
        "usage.forgotten",
        hours=forgotten.usage,
        versions=forgotten.versions,
        operations=forgotten.operations,
        documents=forgotten.documents,
    )

"""Stages with their hooks around them; a stage without hooks stays the plain function it was."""

from collections.abc import Awaitable, Callable, Sequence
from typing import ParamSpec, TypeVar

from router.hooks.protocol import Around, Hook, Stage

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def hooked(
    stage: Stage, function: Callable[Arguments, Awaitable[Result]], hooks: Sequence[Hook]
) -> Callable[Arguments, Awaitable[Result]]:
    """The function with the hooks that want this stage: entered in order, left in reverse."""
    for hook in reversed([hook for hook in hooks if stage in hook.stages]):
        function = _around(stage, function, hook)
    return function


def _around(
    stage: Stage, function: Callable[Arguments, Awaitable[Result]], hook: Hook
) -> Callable[Arguments, Awaitable[Result]]:
    async def with_hook(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        around = hook.around(stage, args[0])
        await anext(around)
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            await _leave(around, error)
            raise
        await _resume(around, result)
        return result

    return with_hook


async def _resume(around: Around, result: object) -> None:
    try:
        await around.asend(result)
    except StopAsyncIteration:
        return
    await around.aclose()


async def _leave(around: Around, error: BaseException) -> None:
    try:
        await around.athrow(error)
    except StopAsyncIteration:
        return
    await around.aclose()

"""A stable name for a normalised operation: what caches of plans are keyed by."""

from collections.abc import Iterator
from hashlib import sha256

from router.operation.model import Conditions, Field, InlineFragment, Operation, SelectionSet


def fingerprint(operation: Operation) -> str:
    """SHA-256 over everything that planning and projecting depend on; the same in every process.

    That is not the operation's name: clients that make up names share their plans.
    """
    return sha256("".join(_parts(operation)).encode()).hexdigest()


def _parts(operation: Operation) -> Iterator[str]:
    yield f"{operation.kind}("
    for variable in sorted(operation.variables, key=lambda each: each.name):
        yield f"${variable.name}:{variable.type}={'' if variable.default is None else variable.default},"
    yield ")"
    for deferral in operation.deferrals:
        yield f"@{deferral.id}:{deferral.parent}:{deferral.condition}:{deferral.depth}:{deferral.label!r}"
    yield from _selections(operation.selections)


def _selections(selections: SelectionSet) -> Iterator[str]:
    yield "{"
    for item in selections:
        match item:
            case Field():
                yield f"{item.response_key}:{item.name}("
                for argument in item.arguments:
                    yield f"{argument.name}:{argument.value},"
                yield f"){_conditions(item.conditions)}"
                if item.stream is not None:
                    yield f"@{item.stream!r}"
                if item.selections is not None:
                    yield from _selections(item.selections)
                yield " "
            case InlineFragment():
                yield f"...{item.type_condition}{_conditions(item.conditions)}"
                yield from _selections(item.selections)
    yield "}"


def _conditions(conditions: Conditions) -> str:
    return "".join(f"@{'' if each.wanted else '!'}{each.variable}" for each in conditions)

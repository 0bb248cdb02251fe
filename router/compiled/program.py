"""A plan and its shape, for one outcome of the conditions, compiled to functions.

write   what the functions are, and Python's code for them: values, which another process may hand over
ready   the functions themselves
"""

import builtins
import marshal
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLSchema

from router.compiled import guards
from router.compiled.asked import Truth, asked_by, asked_by_calls
from router.compiled.place import Call, View
from router.compiled.projection import write_projection
from router.compiled.source import MAX_LINES, Constants, NotCompilable
from router.compiled.trust import Trust
from router.compiled.walk import Grounds, write_walk
from router.executor.representations import hashable
from router.operation.model import Operation, OperationKind
from router.plan.nodes import Fetch, Plan
from schema.supergraph.model import Supergraph

Json = Any
Tables = list[Any]
"""By slot: the data of a root fetch, or the entities of a call by their keys."""

_SLOT = re.compile(r"(?<!')\bt(\d+)\b")  # the variable, not a key of that name


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledCall:
    """One entity call. Equal walks have one number: their keys are the same."""

    variable: str
    alias: str
    slot: int
    walk: int
    keys: Callable[[Tables], dict[Json, Json]]
    represent: Callable[[Tables, dict[Json, Json]], list[dict[str, Json]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledFetch:
    """One fetch that takes part; a root fetch has no calls and puts its data into `slot`."""

    fetch: Fetch
    slot: int
    calls: tuple[CompiledCall, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Everything a request needs. `fetches` by position; None: its conditions do not hold."""

    fetches: tuple[CompiledFetch | None, ...]
    slots: int
    walks: int
    project: Callable[[Tables], dict[str, Json]]
    source: str
    trust: Trust = field(default_factory=Trust, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenCall:
    """One entity call, its functions by their names."""

    variable: str
    alias: str
    slot: int
    walk: int
    keys: str
    represent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A program whose functions are not there yet.

    `fetches` by position: the first of their slots, None where conditions do not hold. `code`: Python's own,
    as `marshal` writes it down for this version of Python.
    """

    fetches: tuple[int | None, ...]
    calls: tuple[WrittenCall, ...]
    slots: int
    walks: int
    project: str
    source: str
    constants: Mapping[str, Any]
    code: bytes = field(repr=False)


def compile_program(
    plan: Plan, operation: Operation, *, schema: GraphQLSchema, supergraph: Supergraph, truth: Truth
) -> Program:
    """The program; raises NotCompilable for what only the reference executor can do."""
    return ready(write_program(plan, operation, schema=schema, supergraph=supergraph, truth=truth), plan)


def write_program(
    plan: Plan, operation: Operation, *, schema: GraphQLSchema, supergraph: Supergraph, truth: Truth
) -> Written:
    """The program as values; raises NotCompilable for what only the reference executor can do."""
    try:
        return _Writer(plan, operation, schema, supergraph, truth).written()
    except (RecursionError, SyntaxError, MemoryError) as cause:
        raise NotCompilable("nested too deeply") from cause


def ready(written: Written, plan: Plan) -> Program:
    """The program of the plan for which it was written."""
    made = _functions(written)
    calls = [
        CompiledCall(
            variable=call.variable,
            alias=call.alias,
            slot=call.slot,
            walk=call.walk,
            keys=made[call.keys],
            represent=made[call.represent],
        )
        for call in written.calls
    ]
    return Program(
        fetches=tuple(
            None
            if slot is None
            else CompiledFetch(
                fetch=fetch,
                slot=slot,
                calls=tuple(each for each in calls if slot <= each.slot < slot + len(fetch.calls)),
            )
            for fetch, slot in zip(plan.fetches, written.fetches, strict=True)
        ),
        slots=written.slots,
        walks=written.walks,
        project=made[written.project],
        source=written.source,
    )


def _functions(written: Written) -> dict[str, Any]:
    """By name. Their source holds nothing that a client could have put there as code."""
    names: dict[str, Any] = {
        "__builtins__": _BUILTINS,
        **written.constants,
        **{name: getattr(guards, name) for name in _GUARDS},
        "hashable": hashable,
    }
    exec(marshal.loads(written.code), names)  # noqa: S102, S302 - see the docstring
    return names


class _Writer:
    def __init__(
        self, plan: Plan, operation: Operation, schema: GraphQLSchema, supergraph: Supergraph, truth: Truth
    ) -> None:
        if plan.kind is OperationKind.SUBSCRIPTION or not plan.fetches:
            raise NotCompilable("no fetches of its own")
        if operation.deferrals:
            raise NotCompilable("answered in parts")
        self._plan = plan
        self._operation = operation
        self._schema = schema
        self._supergraph = supergraph
        self._truth = truth
        self._constants = Constants()
        self._functions: dict[str, str] = {}
        self._slots = 0

    def written(self) -> Written:
        """Every function, compiled together."""
        grounds, slots = self._grounds()
        walks = [write_walk(call, grounds, self._supergraph, self._constants) for call in grounds.calls]
        names = [
            (self._named("D", walk.keys, "k"), self._named("D, keys", walk.represent, "r")) for walk in walks
        ]
        project = self._named("D", self._projection(grounds), "p")
        source = "\n".join(f"def {name}{rest}" for rest, name in self._functions.items())
        walk_numbers = {name: number for number, name in enumerate(dict.fromkeys(keys for keys, _ in names))}
        return Written(
            fetches=tuple(slots),
            calls=tuple(
                WrittenCall(
                    variable=call.call.variable,
                    alias=call.call.alias,
                    slot=call.slot,
                    walk=walk_numbers[keys],
                    keys=keys,
                    represent=represent,
                )
                for call, (keys, represent) in zip(grounds.calls, names, strict=True)
            ),
            slots=self._slots,
            walks=len(walk_numbers),
            project=project,
            source=source,
            constants=self._constants.names,
            code=_code_of(source),
        )

    def _projection(self, grounds: Grounds) -> str:
        return write_projection(
            self._operation,
            grounds,
            schema=self._schema,
            supergraph=self._supergraph,
            truth=self._truth,
            constants=self._constants,
        )

    def _grounds(self) -> tuple[Grounds, list[int | None]]:
        """What there is to read from, and by position the first slot of each fetch that takes part."""
        positions = {fetch.id: position for position, fetch in enumerate(self._plan.fetches)}
        ancestors: list[frozenset[int]] = []
        views: list[View] = []
        calls: list[Call] = []
        slots: list[int | None] = []
        for position, fetch in enumerate(self._plan.fetches):
            parents = [positions[parent] for parent in fetch.after]
            ancestors.append(frozenset(parents).union(*(ancestors[parent] for parent in parents)))
            if not all(self._truth.get(each.variable) is each.wanted for each in fetch.conditions):
                slots.append(None)
                continue
            slots.append(self._slots)
            if fetch.path or any(call.contexts for call in fetch.calls):
                raise NotCompilable("a root type reached as a field" if fetch.path else "contexts")
            if fetch.calls:
                for call, asked in asked_by_calls(fetch, self._supergraph, self._truth):
                    calls.append(
                        Call(
                            call=call,
                            asked=asked,
                            position=position,
                            slot=self._slots,
                            ancestors=ancestors[position],
                            supergraph=self._supergraph,
                        )
                    )
                    self._slots += 1
            else:
                asked = asked_by(fetch, self._supergraph, self._truth)
                views.append(View(variable=f"t{self._slots}", asked=(asked,), position=position))
                self._slots += 1
        root = self._operation.selections.parent_type
        return Grounds(root=root, views=tuple(views), calls=tuple(calls)), slots

    def _named(self, parameters: str, body: str, prefix: str) -> str:
        """The name of a function with this body; equal ones are written once."""
        slots = sorted({int(number) for number in _SLOT.findall(body)})
        heads = "".join(f" t{number} = D[{number}]\n" for number in slots)
        text = f"({parameters}):\n{heads}{body}\n"
        return self._functions.setdefault(text, f"{prefix}{len(self._functions)}")


def _code_of(source: str) -> bytes:
    if source.count("\n") > MAX_LINES:
        raise NotCompilable("too long")
    return marshal.dumps(compile(source, "<compiled plan>", "exec"))


_GUARDS = (
    "Surprise",
    "as_float",
    "as_id",
    "as_integer",
    "as_string",
    "keys_of",
    "refuse",
    "same",
)
_BUILTINS = {
    name: vars(builtins)[name]
    for name in ("bool", "dict", "float", "int", "len", "list", "str", "type", "zip")
}

"""Fetch graph → plan: documents are printed, representations spelled out, steps become fetches."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from router.operation.deferral import deferrals_in, without_marks
from router.operation.model import Conditions, Operation, OperationKind
from router.plan.nodes import ContextVariable, EntityCall, Fetch, Need, OutputRewrite, Plan, Representation
from router.plan.paths import Path as ResponsePath
from router.planner.budget import Budget
from router.planner.fetch_graph import FetchGraph, Step, StepContext
from router.planner.output import Holds, Uses
from router.planner.print_document import Printer
from router.planner.reasons import resolved_by
from router.planner.requests import shared_requests
from router.planner.required_fields import required_fields
from router.planner.response_keys import ResponseKeys
from schema.supergraph.model import Supergraph

ROOT_COST = 1000
FIELD_COST = 1


def emit(
    graph: FetchGraph, operation: Operation, supergraph: Supergraph, keys: ResponseKeys, budget: Budget
) -> Plan:
    """The plan that the steps make."""
    groups = shared_requests(graph, _kind)
    number = {step.id: index for index, group in enumerate(groups) for step in group}
    emitter = _Emitter(operation, supergraph, keys, budget)
    fetches = (
        emitter.fetch(index, group, sorted({number[parent] for step in group for parent in step.parents}))
        for index, group in enumerate(groups)
    )
    return Plan(kind=operation.kind, fetches=tuple(fetches))


def _kind(step: Step) -> Hashable:
    """Only steps of one kind may share a request."""
    return (step.subgraph, step.order, step.holds, step.deferrals)


@dataclass(frozen=True, slots=True)
class _Call:
    """One `_entities` call before it has a name."""

    paths: tuple[ResponsePath, ...]
    representations: tuple[Representation, ...]
    selection: str
    rewrites: tuple[OutputRewrite, ...]
    contexts: tuple[ContextVariable, ...] = ()


class _Emitter:
    def __init__(
        self, operation: Operation, supergraph: Supergraph, keys: ResponseKeys, budget: Budget
    ) -> None:
        self._budget = budget
        self._operation = operation
        self._supergraph = supergraph
        self._keys = keys
        self._definitions = {variable.name: variable for variable in operation.variables}

    def fetch(self, index: int, steps: list[Step], after: list[int]) -> Fetch:
        """One fetch that does the work of the steps."""
        self._budget.look()
        first = steps[0]
        holds = first.holds
        printer = Printer(self._supergraph, self._budget)
        calls: tuple[EntityCall, ...] = ()
        rewrites: tuple[OutputRewrite, ...] = ()
        if first.root is None:
            calls = self._calls(steps, holds, printer)
            document = self._entity_document(calls, first.contexts, printer)
        else:
            selection, rewrites = printer.selection(list(first.outputs.values()), holds)
            document = self._root_document(first.root, selection, printer)
        fields = sum(1 for step in steps for output in step.outputs.values() for _ in output.all_fields())
        return Fetch(
            id=index,
            after=tuple(after),
            subgraph=first.subgraph,
            kind=first.root or OperationKind.QUERY,
            document=document,
            variables=tuple(sorted(printer.variables)),
            calls=calls,
            path=() if first.root is None else first.path,
            conditions=_sorted(holds),
            needs=_needs(steps),
            rewrites=rewrites,
            cost=ROOT_COST + FIELD_COST * fields,
            reason=self._reason(steps),
        )

    def _reason(self, steps: list[Step]) -> str:
        """How the subgraph knows the objects, what it resolves of them, and who else could."""
        reasons = dict.fromkeys(reason for step in steps for reason in step.reasons)
        reasons.update(dict.fromkeys(resolved_by(steps, self._supergraph)))
        return "; ".join(reasons)

    def _definitions_of(self, printer: Printer) -> str:
        texts = []
        for name in sorted(printer.variables):
            variable = self._definitions[name]
            default = "" if variable.default is None else f"={variable.default}"
            texts.append(f"${name}:{variable.type}{default}")
        return ",".join(texts)

    def _root_document(self, kind: OperationKind, selection: str, printer: Printer) -> str:
        definitions = self._definitions_of(printer)
        if kind is OperationKind.QUERY and not definitions:
            return selection
        return f"{kind.value}({definitions}){selection}" if definitions else f"{kind.value}{selection}"

    def _entity_document(
        self, calls: tuple[EntityCall, ...], contexts: tuple[StepContext, ...], printer: Printer
    ) -> str:
        own = ",".join(f"${call.variable}:[_Any!]!" for call in calls)
        own += "".join(f",${context.variable}:{context.argument.type.text}" for context in contexts)
        printer.variables -= {context.variable for context in contexts}
        client = self._definitions_of(printer)
        body = "".join(
            f"{'' if call.alias == '_entities' else call.alias + ':'}"
            f"_entities(representations:${call.variable}){printer.selections[call.alias]}"
            for call in calls
        )
        return f"query({own}{',' if client else ''}{client}){{{body}}}"

    def _calls(self, steps: list[Step], holds: Holds, printer: Printer) -> tuple[EntityCall, ...]:
        drafts = _joined([self._call(step, holds, printer) for step in steps])
        variable = _free_name("representations", self._definitions)
        calls = []
        for number, draft in enumerate(drafts):
            alias = "_entities" if len(drafts) == 1 else f"_e{number}"
            printer.selections[alias] = draft.selection
            calls.append(
                EntityCall(
                    alias=alias,
                    variable=variable if len(drafts) == 1 else f"{variable}{number}",
                    paths=draft.paths,
                    representations=draft.representations,
                    rewrites=draft.rewrites,
                    contexts=draft.contexts,
                )
            )
        return tuple(calls)

    def _call(self, step: Step, holds: Holds, printer: Printer) -> _Call:
        self._budget.look()
        selection, rewrites = printer.entities(list(step.outputs.values()), holds)
        representations = tuple(
            Representation(
                type=sender.type,
                typename=sender.typename,
                fields=required_fields(needs.field_sets, needs.of, step.at, self._supergraph, self._keys),
            )
            for sender, needs in step.needs.items()
        )
        contexts = tuple(self._context(context) for context in step.contexts)
        return _Call((step.path,), representations, selection, rewrites, contexts)

    def _context(self, context: StepContext) -> ContextVariable:
        fields = required_fields([context.fields], context.of, context.at, self._supergraph, self._keys)
        return ContextVariable(variable=context.variable, depth=len(context.path), fields=fields)


def _joined(calls: list[_Call]) -> list[_Call]:
    """Calls that ask the same become one: first for several types at one place, then at several places."""
    for_types: dict[object, _Call] = {}
    for call in calls:
        is_typed = all(each.type is not None for each in call.representations)
        key = (call.paths, call.selection, call.rewrites, *(() if is_typed else call.representations))
        known = for_types.get(key)
        if known is not None and not _types(known).isdisjoint(_types(call)):
            key = (key, len(for_types))
            known = None
        for_types[key] = call if known is None else _with(known, representations=call.representations)
    at_places: dict[object, _Call] = {}
    for call in for_types.values():
        key = (call.representations, call.selection, call.rewrites)
        known = at_places.get(key)
        at_places[key] = call if known is None else _with(known, paths=call.paths)
    return list(at_places.values())


def _types(call: _Call) -> set[str | None]:
    return {each.type for each in call.representations}


def _with(
    call: _Call, *, paths: tuple[ResponsePath, ...] = (), representations: tuple[Representation, ...] = ()
) -> _Call:
    merged = tuple(sorted((*call.representations, *representations), key=lambda each: each.type or ""))
    return _Call(call.paths + paths, merged, call.selection, call.rewrites)


def _needs(steps: Iterable[Step]) -> tuple[Need, ...]:
    """For which deferrals the steps are, in which case; nothing if something is always needed at once."""
    uses = Uses()
    for step in steps:
        for holds in step.needed:
            uses.add(holds)
    if not any(deferrals_in(holds) for holds in uses.alternatives):
        return ()
    needs = (
        Need(conditions=without_marks(_sorted(holds)), deferrals=deferrals_in(holds))
        for holds in uses.alternatives
    )
    return tuple(sorted(needs, key=lambda each: (sorted(each.deferrals), repr(each.conditions))))


def _free_name(wanted: str, taken: Iterable[str]) -> str:
    name, names = wanted, tuple(taken)
    while any(other.startswith(name) for other in names):
        name = f"_{name}"
    return name


def _sorted(holds: Holds) -> Conditions:
    return tuple(sorted(holds, key=lambda each: (each.variable, each.wanted)))

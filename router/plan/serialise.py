"""Plan ↔ JSON: what `explain --format json` prints and the explorer reads."""

from typing import Any

from router.operation.model import Condition, Conditions, OperationKind
from router.plan.nodes import (
    ContextVariable,
    EntityCall,
    Fetch,
    Need,
    OutputRewrite,
    Plan,
    Representation,
    RequiredField,
    StreamedList,
)
from router.plan.paths import Each, Key, OnTypes, Path

Json = dict[str, Any]
"""An object as it goes into or comes out of a JSON text."""


def to_json(plan: Plan) -> Json:
    """The plan as a JSON object."""
    return {
        "kind": plan.kind.value,
        "cost": sum(fetch.cost for fetch in plan.fetches),
        "fetches": [_fetch_to(fetch) for fetch in plan.fetches],
    }


def from_json(data: Json) -> Plan:
    """The plan that `to_json` wrote."""
    return Plan(
        kind=OperationKind(data["kind"]), fetches=tuple(_fetch_from(each) for each in data["fetches"])
    )


def _fetch_to(fetch: Fetch) -> Json:
    return {
        "id": fetch.id,
        "after": list(fetch.after),
        "subgraph": fetch.subgraph,
        "kind": fetch.kind.value,
        "document": fetch.document,
        "operationName": fetch.operation_name,
        "variables": list(fetch.variables),
        "calls": [_call_to(call) for call in fetch.calls],
        "path": _path_to(fetch.path),
        "conditions": _conditions_to(fetch.conditions),
        "rewrites": [_rewrite_to(rewrite) for rewrite in fetch.rewrites],
        "needs": [
            {"conditions": _conditions_to(need.conditions), "deferrals": sorted(need.deferrals)}
            for need in fetch.needs
        ],
        "streams": [{"call": each.call, "keys": list(each.keys)} for each in fetch.streams],
        "cost": fetch.cost,
        "reason": fetch.reason,
    }


def _fetch_from(data: Json) -> Fetch:
    return Fetch(
        id=data["id"],
        after=tuple(data["after"]),
        subgraph=data["subgraph"],
        kind=OperationKind(data["kind"]),
        document=data["document"],
        operation_name=data["operationName"],
        variables=tuple(data["variables"]),
        calls=tuple(_call_from(call) for call in data["calls"]),
        path=_path_from(data["path"]),
        conditions=_conditions_from(data["conditions"]),
        rewrites=tuple(_rewrite_from(rewrite) for rewrite in data["rewrites"]),
        needs=tuple(
            Need(conditions=_conditions_from(each["conditions"]), deferrals=frozenset(each["deferrals"]))
            for each in data["needs"]
        ),
        streams=tuple(StreamedList(call=each["call"], keys=tuple(each["keys"])) for each in data["streams"]),
        cost=data["cost"],
        reason=data["reason"],
    )


def _conditions_to(conditions: Conditions) -> list[Json]:
    return [{"variable": each.variable, "wanted": each.wanted} for each in conditions]


def _conditions_from(data: list[Json]) -> Conditions:
    return tuple(Condition(variable=each["variable"], wanted=each["wanted"]) for each in data)


def _call_to(call: EntityCall) -> Json:
    return {
        "alias": call.alias,
        "variable": call.variable,
        "paths": [_path_to(path) for path in call.paths],
        "representations": [
            {"type": r.type, "typename": r.typename, "fields": [_required_to(field) for field in r.fields]}
            for r in call.representations
        ],
        "rewrites": [_rewrite_to(rewrite) for rewrite in call.rewrites],
        "contexts": [
            {"variable": c.variable, "depth": c.depth, "fields": [_required_to(field) for field in c.fields]}
            for c in call.contexts
        ],
    }


def _call_from(data: Json) -> EntityCall:
    return EntityCall(
        alias=data["alias"],
        variable=data["variable"],
        paths=tuple(_path_from(path) for path in data["paths"]),
        representations=tuple(
            Representation(
                type=each["type"],
                typename=each["typename"],
                fields=tuple(_required_from(field) for field in each["fields"]),
            )
            for each in data["representations"]
        ),
        rewrites=tuple(_rewrite_from(rewrite) for rewrite in data["rewrites"]),
        contexts=tuple(
            ContextVariable(
                variable=each["variable"],
                depth=each["depth"],
                fields=tuple(_required_from(field) for field in each["fields"]),
            )
            for each in data["contexts"]
        ),
    )


def _required_to(field: RequiredField) -> Json:
    return {
        "key": field.key,
        "name": field.name,
        "selections": [_required_to(each) for each in field.selections],
        "onTypes": None if field.on_types is None else sorted(field.on_types),
    }


def _required_from(data: Json) -> RequiredField:
    return RequiredField(
        key=data["key"],
        name=data["name"],
        selections=tuple(_required_from(each) for each in data["selections"]),
        on_types=None if data["onTypes"] is None else frozenset(data["onTypes"]),
    )


def _rewrite_to(rewrite: OutputRewrite) -> Json:
    return {"path": _path_to(rewrite.path), "alias": rewrite.alias, "name": rewrite.name}


def _rewrite_from(data: Json) -> OutputRewrite:
    return OutputRewrite(path=_path_from(data["path"]), alias=data["alias"], name=data["name"])


def _path_to(path: Path) -> list[Any]:
    """A key is a text, an item step is null, types are a list."""
    steps: list[Any] = []
    for step in path:
        match step:
            case Key(name):
                steps.append(name)
            case Each():
                steps.append(None)
            case OnTypes(names):
                steps.append(sorted(names))
    return steps


def _path_from(steps: list[Any]) -> Path:
    return tuple(
        Each() if step is None else Key(step) if isinstance(step, str) else OnTypes(frozenset(step))
        for step in steps
    )

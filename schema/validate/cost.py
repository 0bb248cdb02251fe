"""@cost and @listSize: what the router may assume about price and length (federation v2.9)."""

from schema.document.model import Directive, EnumType, Field, InputValue, InterfaceType, ObjectType
from schema.document.values import ListOf, Named, NonNull, NumberLiteral, TypeRef, base_name, nullable
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded, uses


def check_costs(subgraph: Expanded, findings: Findings) -> None:
    """Note prices on interfaces and list sizes that name no list or no number."""
    for type_, field in subgraph.facts.fields:
        at = f"{type_.name}.{field.name}"
        if isinstance(type_, InterfaceType):
            for use in uses(field, "cost"):
                findings.error(
                    Code.COST_APPLIED_TO_INTERFACE_FIELD,
                    f'@{use.name} cannot stand on "{at}", a field of an interface: put it on the fields of '
                    f"the implementing types.",
                    use.place,
                )
        for use in uses(field, "listSize"):
            _check_list_size(subgraph, findings, at, field, use)


def _check_list_size(subgraph: Expanded, findings: Findings, at: str, field: Field, use: Directive) -> None:
    sized = use.arguments.get("sizedFields")
    if isinstance(sized, tuple):
        _check_sized_fields(subgraph, findings, at, field, use, sized)
    elif not isinstance(nullable(field.type), ListOf):
        message = (
            f'@{use.name} on "{at}" needs a list, but the field is `{field.type}`: remove it, or name '
            f"the lists below with `sizedFields`."
        )
        findings.error(Code.LIST_SIZE_APPLIED_TO_NON_LIST, message, use.place)
    assumed = use.arguments.get("assumedSize")
    if isinstance(assumed, NumberLiteral) and assumed.text.startswith("-"):
        message = f'@{use.name} on "{at}" assumes a size below zero: give zero or more.'
        findings.error(Code.LIST_SIZE_INVALID_ASSUMED_SIZE, message, use.place)
    slicing = use.arguments.get("slicingArguments")
    for name in slicing if isinstance(slicing, tuple) else ():
        argument = field.arguments.get(str(name))
        if argument is None:
            problem = "does not exist; add it, or name another"
        elif not _is_integer(argument):
            problem = f"is `{argument.type}`, not an Int; name another"
        else:
            continue
        message = f'@{use.name} on "{at}": slicing argument "{name}" {problem}.'
        findings.error(Code.LIST_SIZE_INVALID_SLICING_ARGUMENT, message, use.place)


def _is_integer(argument: InputValue) -> bool:
    return nullable(argument.type) == Named("Int")


def _check_sized_fields(
    subgraph: Expanded,
    findings: Findings,
    at: str,
    field: Field,
    use: Directive,
    sized: tuple[object, ...],
) -> None:
    type_ = subgraph.schema.types.get(base_name(field.type))
    fields = type_.fields if isinstance(type_, ObjectType | InterfaceType) else {}
    for name in sized:
        target = fields.get(str(name))
        if type_ is None or isinstance(type_, EnumType):
            problem = f"`{field.type}` has no fields"
        elif target is None:
            problem = f'"{type_.name}.{name}" does not exist'
        elif not _is_list(target.type):
            problem = f'"{type_.name}.{name}" is `{target.type}`, not a list; remove it'
            message = f'@{use.name} on "{at}": {problem}.'
            findings.error(Code.LIST_SIZE_APPLIED_TO_NON_LIST, message, use.place)
            continue
        else:
            continue
        message = f'@{use.name} on "{at}": sized field "{name}" is wrong: {problem}; remove it.'
        findings.error(Code.LIST_SIZE_INVALID_SIZED_FIELD, message, use.place)


def _is_list(ref: TypeRef) -> bool:
    return isinstance(ref.of if isinstance(ref, NonNull) else ref, ListOf)

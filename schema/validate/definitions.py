"""A subgraph may repeat the definition of a linked directive, but not change what it means."""

from schema.document.model import DirectiveDefinition, InputValue
from schema.document.values import ListOf, Named, NonNull, TypeRef
from schema.errors import Code
from schema.findings import Findings
from schema.spec.directives import BUILT_IN_SCALARS, FEDERATION_1_NAMES
from schema.subgraph.model import Expanded


def check_definitions(subgraph: Expanded, findings: Findings) -> None:
    """Note definitions of federation directives that differ from the specification."""
    for name, expected in subgraph.specified.items():
        definition = subgraph.schema.directives.get(name)
        if definition is None or definition is expected:
            continue
        is_old = subgraph.is_federation_1 and name in FEDERATION_1_NAMES
        for problem in (
            _old_differences(definition, expected) if is_old else _differences(definition, expected)
        ):
            findings.error(
                Code.DIRECTIVE_DEFINITION_INVALID,
                f'Directive "@{name}" is not defined as its specification says: {problem}. '
                f"Correct the definition, or remove it: linking is enough.",
                definition.place,
            )


def _old_differences(definition: DirectiveDefinition, expected: DirectiveDefinition) -> list[str]:
    """Federation 1 had no exact definitions: arguments may be left out, nullable or of any scalar."""
    unknown = definition.arguments.keys() - expected.arguments.keys()
    return [*_misplaced(definition, expected), *(f'it has no argument "{name}"' for name in sorted(unknown))]


def _differences(definition: DirectiveDefinition, expected: DirectiveDefinition) -> list[str]:
    found = _misplaced(definition, expected)
    if definition.is_repeatable and not expected.is_repeatable:
        found.append("it is not repeatable")
    for name, argument in definition.arguments.items():
        if name not in expected.arguments:
            found.append(f'it has no argument "{name}"')
        elif problem := _argument_difference(argument, expected.arguments[name]):
            found.append(problem)
    for name, argument in expected.arguments.items():
        if (
            name not in definition.arguments
            and isinstance(argument.type, NonNull)
            and argument.default is None
        ):
            found.append(f'its argument "{name}" is missing')
    return found


def _misplaced(definition: DirectiveDefinition, expected: DirectiveDefinition) -> list[str]:
    extra = [location for location in definition.locations if location not in expected.locations]
    return [f"it cannot stand on {', '.join(extra)}"] if extra else []


def _argument_difference(argument: InputValue, expected: InputValue) -> str:
    wanted = expected.type
    if isinstance(wanted, NonNull) and not isinstance(argument.type, NonNull):
        fits = False
    elif isinstance(argument.type, NonNull) and not isinstance(wanted, NonNull):
        fits = _same(argument.type.of, wanted)
    else:
        fits = _same(argument.type, wanted)
    if not fits:
        return f'argument "{argument.name}" is `{wanted}`, not `{argument.type}`'
    if argument.default is not None and argument.default != expected.default:
        return f'argument "{argument.name}" has another default'
    return ""


def _same(ref: TypeRef, wanted: TypeRef) -> bool:
    """Whether two types are the same; a scalar of the specification may also be written as a built-in one."""
    match ref, wanted:
        case (NonNull(of=inner), NonNull(of=other)) | (ListOf(of=inner), ListOf(of=other)):
            return _same(inner, other)
        case Named(name=name), Named(name=other_name):
            is_custom = other_name not in BUILT_IN_SCALARS
            return name == other_name or (is_custom and name in {*BUILT_IN_SCALARS, "_FieldSet", "FieldSet"})
        case _:
            return False

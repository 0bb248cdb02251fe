"""An input type that needs itself can never be given."""

from schema.document.model import InputType
from schema.document.values import Named, NonNull
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded


def check_input_cycles(subgraph: Expanded, findings: Findings) -> None:
    """Note input types that reach themselves through required fields only."""
    needs = {
        type_.name: [
            field.type.of.name
            for field in type_.fields.values()
            if isinstance(field.type, NonNull) and isinstance(field.type.of, Named)
        ]
        for type_ in subgraph.schema.types.values()
        if isinstance(type_, InputType)
    }
    for name in needs:
        if _reaches(name, needs):
            findings.error(
                Code.INVALID_GRAPHQL,
                f'Input type "{name}" requires itself through fields that cannot be null, so nobody can ever '
                f"give one: make a field on the way nullable.",
                subgraph.schema.types[name].place,
            )


def _reaches(name: str, needs: dict[str, list[str]]) -> bool:
    seen: set[str] = set()
    waiting = list(needs[name])
    while waiting:
        current = waiting.pop()
        if current == name:
            return True
        if current not in seen:
            seen.add(current)
            waiting.extend(needs.get(current, ()))
    return False

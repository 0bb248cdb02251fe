"""@requires asks other subgraphs for fields, so its arguments must be theirs."""

from collections.abc import Sequence

from schema.document.model import InterfaceType, ObjectType, Schema
from schema.document.values import NonNull
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.facts import field_set, selected_fields
from schema.subgraph.model import Expanded, uses


def check_requires(supergraph: Schema, subgraphs: Sequence[Expanded], findings: Findings) -> None:
    """Note required fields that are given arguments they do not have, or lack some that they need."""
    for subgraph in subgraphs:
        for type_, field in subgraph.facts.fields:
            for use in uses(field, "requires"):
                for selected in selected_fields(subgraph.schema, type_.name, field_set(use)):
                    merged = supergraph.types.get(selected.parent.name)
                    if not isinstance(merged, ObjectType | InterfaceType):
                        continue
                    known = merged.fields.get(selected.field.name)
                    if known is None:
                        continue
                    given = selected.selection.arguments.keys()
                    wrong = [f'there is no argument "{name}"' for name in given - known.arguments.keys()]
                    wrong += [
                        f'argument "{argument.name}" is required'
                        for argument in known.arguments.values()
                        if argument.name not in given
                        and isinstance(argument.type, NonNull)
                        and argument.default is None
                    ]
                    for problem in wrong:
                        findings.error(
                            Code.REQUIRES_INVALID_FIELDS,
                            f'@{use.name} on "{type_.name}.{field.name}": of '
                            f'"{selected.parent.name}.{known.name}" {problem} in the supergraph.',
                            use.place,
                        )

"""@provides: what a subgraph can give on one path only (https://specs.apollo.dev/federation, @provides)."""

from schema.document.model import InterfaceType
from schema.document.values import base_name
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded, uses
from schema.validate.field_sets import COMPOSITE, FieldSetCheck, FieldSetRules

RULES = FieldSetRules(
    not_text=Code.PROVIDES_INVALID_FIELDS_TYPE,
    invalid=Code.PROVIDES_INVALID_FIELDS,
    has_directives=Code.PROVIDES_DIRECTIVE_IN_FIELDS_ARG,
    has_arguments=Code.PROVIDES_FIELDS_HAS_ARGS,
    not_external=Code.PROVIDES_FIELDS_MISSING_EXTERNAL,
)


def check_provides(subgraph: Expanded, findings: Findings) -> None:
    """Note promises that make no sense, or that are true everywhere anyway."""
    for type_, field in subgraph.facts.fields:
        at = f"{type_.name}.{field.name}"
        for use in uses(field, "provides"):
            if isinstance(type_, InterfaceType):
                findings.error(
                    Code.PROVIDES_UNSUPPORTED_ON_INTERFACE,
                    f'@{use.name} cannot stand on "{at}", a field of an interface: put it on the fields of '
                    f"the implementing types.",
                    use.place,
                )
            check = FieldSetCheck(subgraph=subgraph, findings=findings, rules=RULES, use=use, at=at)
            check.run(base_name(field.type))


def check_provided_types(subgraph: Expanded, findings: Findings) -> None:
    """Note promises about what has no fields: with them nothing can be said about external fields."""
    for type_, field in subgraph.facts.fields:
        for use in uses(field, "provides"):
            if not isinstance(subgraph.schema.types.get(base_name(field.type)), COMPOSITE):
                findings.error(
                    Code.PROVIDES_ON_NON_OBJECT_FIELD,
                    f'@{use.name} on "{type_.name}.{field.name}" has nothing to select from: '
                    f"`{field.type}` has no fields. Remove it.",
                    use.place,
                )

"""@requires: what a field needs from other subgraphs (https://specs.apollo.dev/federation, @requires)."""

from schema.document.model import InterfaceType
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded, uses
from schema.validate.field_sets import FieldSetCheck, FieldSetRules

RULES = FieldSetRules(
    not_text=Code.REQUIRES_INVALID_FIELDS_TYPE,
    invalid=Code.REQUIRES_INVALID_FIELDS,
    has_directives=Code.REQUIRES_DIRECTIVE_IN_FIELDS_ARG,
    not_external=Code.REQUIRES_FIELDS_MISSING_EXTERNAL,
)


def check_requires(subgraph: Expanded, findings: Findings) -> None:
    """Note requirements that make no sense, or that the subgraph could meet by itself."""
    for type_, field in subgraph.facts.fields:
        at = f"{type_.name}.{field.name}"
        for use in uses(field, "requires"):
            if isinstance(type_, InterfaceType):
                findings.error(
                    Code.REQUIRES_UNSUPPORTED_ON_INTERFACE,
                    f'@{use.name} cannot stand on "{at}", a field of an interface: put it on the fields of '
                    f"the implementing types.",
                    use.place,
                )
            check = FieldSetCheck(subgraph=subgraph, findings=findings, rules=RULES, use=use, at=at)
            check.run(type_.name)

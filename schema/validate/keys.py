"""@key: the fields by which an entity is found (https://specs.apollo.dev/federation, @key)."""

from schema.document.model import InterfaceType
from schema.errors import Code
from schema.findings import Findings
from schema.spec.link import Version
from schema.subgraph.model import Expanded
from schema.validate.field_sets import FieldSetCheck, FieldSetRules

RULES = FieldSetRules(
    not_text=Code.KEY_INVALID_FIELDS_TYPE,
    invalid=Code.KEY_INVALID_FIELDS,
    has_directives=Code.KEY_DIRECTIVE_IN_FIELDS_ARG,
    has_arguments=Code.KEY_FIELDS_HAS_ARGS,
    is_key=True,
)
KEYS_ON_INTERFACES = Version(2, 3)


def check_keys(subgraph: Expanded, findings: Findings) -> None:
    """Note keys whose fields make no sense, and keys on interfaces before federation v2.3."""
    for name, keys in subgraph.facts.keys.items():
        type_ = subgraph.schema.types[name]
        for key in keys:
            if isinstance(type_, InterfaceType) and subgraph.version < KEYS_ON_INTERFACES:
                findings.error(
                    Code.KEY_UNSUPPORTED_ON_INTERFACE,
                    f'@{key.use.name} cannot stand on interface "{name}" before federation '
                    f"{KEYS_ON_INTERFACES}: "
                    f"link that version, or remove the key.",
                    key.use.place,
                )
            check = FieldSetCheck(subgraph=subgraph, findings=findings, rules=RULES, use=key.use, at=name)
            check.run(name)

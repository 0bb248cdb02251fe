"""The names of root types: in the supergraph they are Query, Mutation and Subscription."""

from schema.document.model import ObjectType
from schema.document.parse import DEFAULT_ROOTS
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded

ROOT_USED = {
    "Query": Code.ROOT_QUERY_USED,
    "Mutation": Code.ROOT_MUTATION_USED,
    "Subscription": Code.ROOT_SUBSCRIPTION_USED,
}


def check_root_names(subgraph: Expanded, findings: Findings) -> None:
    """Note types that have the name of a root without being one."""
    for kind, usual in DEFAULT_ROOTS.items():
        type_ = subgraph.schema.types.get(usual)
        if type_ is None:
            continue
        is_no_root = kind == "query" and not isinstance(type_, ObjectType)
        if is_no_root or subgraph.schema.roots.get(kind, usual) != usual:
            findings.error(
                ROOT_USED[usual],
                f'Type "{usual}" is not the {kind} root of this subgraph but has the name '
                f"that the supergraph "
                f"gives to it: rename the type, or make it the root.",
                type_.place,
            )

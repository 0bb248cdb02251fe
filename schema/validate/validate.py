"""Runs the rules, in two rounds: a subgraph that is no GraphQL has no meaning for the rules of federation."""

from collections.abc import Callable

from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded
from schema.validate.access import check_access
from schema.validate.context import check_contexts
from schema.validate.cost import check_costs
from schema.validate.definitions import check_definitions
from schema.validate.external import check_external, check_external_alone
from schema.validate.graphql import RULES as GRAPHQL_RULES
from schema.validate.graphql.directives import check_known_directives
from schema.validate.interface_objects import check_interface_objects
from schema.validate.keys import check_keys
from schema.validate.provides import check_provided_types, check_provides
from schema.validate.requires import check_requires
from schema.validate.root_names import check_root_names
from schema.validate.shareable import check_shareable

Rule = Callable[[Expanded, Findings], None]

FEDERATION_RULES: tuple[tuple[Rule, ...], ...] = (
    (check_external_alone,),
    (check_provided_types,),
    (
        check_root_names,
        check_keys,
        check_requires,
        check_provides,
        check_external,
        check_shareable,
        check_contexts,
        check_access,
        check_costs,
        check_interface_objects,
    ),
)
"""In rounds: the rules of a later one take for granted what those before have checked."""


def check_graphql(subgraph: Expanded, findings: Findings) -> None:
    """Note where the subgraph is no valid GraphQL, or redefines what a specification defines."""
    if not findings.concern(subgraph.name, besides=Code.INVALID_GRAPHQL):
        check_definitions(subgraph, findings)
        check_known_directives(subgraph, findings)
    if not findings.concern(subgraph.name, besides=Code.INVALID_GRAPHQL):
        for rule in GRAPHQL_RULES:
            rule(subgraph, findings)


def check_federation(subgraph: Expanded, findings: Findings) -> None:
    """Note where the subgraph uses federation's directives in ways that mean nothing."""
    known = len(findings.errors)
    for rules in FEDERATION_RULES:
        for rule in rules:
            rule(subgraph, findings)
        if len(findings.errors) > known:
            return

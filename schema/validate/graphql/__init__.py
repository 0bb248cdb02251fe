"""Is a subgraph GraphQL at all? The type system rules of the GraphQL specification, section 3."""

from collections.abc import Callable

from schema.findings import Findings
from schema.subgraph.model import Expanded
from schema.validate.graphql.deprecations import check_deprecations
from schema.validate.graphql.directives import check_directives
from schema.validate.graphql.implementations import check_implementations
from schema.validate.graphql.input_cycles import check_input_cycles
from schema.validate.graphql.names import check_names
from schema.validate.graphql.references import check_references
from schema.validate.graphql.values import check_defaults

RULES: tuple[Callable[[Expanded, Findings], None], ...] = (
    check_names,
    check_references,
    check_directives,
    check_deprecations,
    check_implementations,
    check_defaults,
    check_input_cycles,
)

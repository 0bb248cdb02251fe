"""The format of the supergraph: https://specs.apollo.dev/join/v0.5, its definitions and its names."""

import re
from collections.abc import Iterable

JOIN = "https://specs.apollo.dev/join/v0.5"
LINK = "https://specs.apollo.dev/link/v1.0"

DEFINITIONS = """
directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments)
  repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String,
  external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String,
  contextArguments: [join__ContextArgument!]) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false,
  resolvable: Boolean! = true, isInterfaceObject: Boolean! = false)
  repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION

input join__ContextArgument {
  name: String!
  type: String!
  context: String!
  selection: join__FieldValue!
}
scalar join__DirectiveArguments
scalar join__FieldSet
scalar join__FieldValue
"""


def graph_names(subgraphs: Iterable[str]) -> dict[str, str]:
    """Subgraph name → its value in enum join__Graph, unique and the same whatever the order.

    order-items, order_items  becomes  ORDER_ITEMS_1, ORDER_ITEMS_2
    """
    wanted: dict[str, list[str]] = {}
    for name in sorted(subgraphs):
        wanted.setdefault(_graph_name(name), []).append(name)
    names: dict[str, str] = {}
    for wish, claimants in wanted.items():
        for number, name in enumerate(claimants, start=1):
            names[name] = wish if len(claimants) == 1 else f"{wish}_{number}"
    return names


def _graph_name(subgraph: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_]", "_", subgraph).upper()
    if name[:1].isdigit():
        name = f"_{name}"
    # A number at the end is kept for telling equal names apart.
    return f"{name}_" if re.search(r"_[0-9]+$", name) else name

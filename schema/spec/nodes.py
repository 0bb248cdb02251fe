"""How a supergraph says that the router itself answers `Query.node` and `Query.nodes`."""

NAME = "nodes"
"""The subgraph that has no server."""

URL = "router:nodes"
"""Its address: the router itself."""

INTERFACE = "Node"

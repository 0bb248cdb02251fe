"""Subgraphs."""

from benchmarks.compose.workloads import subgraph
from schema.compose import Subgraph


def chain(subgraphs: int) -> list[Subgraph]:
    """One entity that leads to itself in every subgraph, with one field of each subgraph's own."""
    return [
        subgraph(
            f"s{number}",
            "type Query { thing: Thing @shareable }",
            f'type Thing @key(fields: "id") {{ id: ID! next: Thing @shareable only{number}: Int }}',
        )
        for number in range(subgraphs)
    ]

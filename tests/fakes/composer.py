"""A composer that composes nothing: it hands out what it was told to, or counts on names alone."""

from collections.abc import Sequence

from subgraphs.gateway.providers.protocol import (
    Composition,
    ContractFilter,
    DoesNotCompose,
    Problem,
    SubgraphText,
)


class FixedComposer:
    """Every set of subgraphs composes, unless one of the texts says `wrong`."""

    async def compose(
        self, subgraphs: Sequence[SubgraphText], contracts: Sequence[ContractFilter]
    ) -> Composition:
        """A text that names what went in."""
        problems = [
            Problem(code="WRONG", message=subgraph.name, text=f"{subgraph.name}: WRONG")
            for subgraph in subgraphs
            if "wrong" in subgraph.sdl
        ]
        if problems:
            raise DoesNotCompose(problems)
        names = " ".join(subgraph.name for subgraph in subgraphs)
        return Composition(
            sdl=f"# {names}",
            variants={contract.name: f"# {contract.name}: {names}" for contract in contracts},
        )

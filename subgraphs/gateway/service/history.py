"""What was active before what: a roll-back takes back, and so does a second one."""

from collections.abc import Iterable
from typing import TypeVar

from subgraphs.gateway.models import ActivationKind

IdT = TypeVar("IdT")


def before_the_last(activations: Iterable[tuple[str, IdT]]) -> IdT | None:
    """What to go back to from the last of the activations (kind and supergraph, the oldest first).

    publish 1, publish 2, publish 3, rollback (to 2)  goes back to 1, not to 3
    """
    standing: list[IdT] = []
    for kind, id in activations:
        if kind == ActivationKind.ROLLBACK and id in standing:
            del standing[standing.index(id) + 1 :]
        else:
            if id in standing:
                standing.remove(id)
            standing.append(id)
    return standing[-2] if len(standing) > 1 else None

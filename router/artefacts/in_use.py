"""What is known of the artefact in use, and whether another may follow it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from common.access.artefacts import Artefact, ArtefactRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class InUse:
    """All of an artefact but its text."""

    graph: UUID
    number: int
    serial: int
    sha256: str
    tag: str
    signed_at: datetime

    @classmethod
    def of(cls, artefact: Artefact) -> Self:
        """Without the text."""
        return cls(
            graph=artefact.graph,
            number=artefact.number,
            serial=artefact.serial,
            sha256=artefact.sha256,
            tag=artefact.tag,
            signed_at=artefact.signed_at,
        )


def check_order(artefact: Artefact, in_use: InUse) -> None:
    """Raise ArtefactRefused for one that was good once: somebody may be showing it again."""
    if artefact.graph != in_use.graph:
        if artefact.signed_at <= in_use.signed_at:
            raise ArtefactRefused(f"It is of another graph, {artefact.graph}, and not newer.")
    elif artefact.serial < in_use.serial:
        raise ArtefactRefused(f"Its serial is {artefact.serial}, that of the one in use {in_use.serial}.")
    elif artefact.serial == in_use.serial and artefact.sha256 != in_use.sha256:
        raise ArtefactRefused(f"It is another text under the serial in use, {in_use.serial}.")


def check_graph(artefact: Artefact, wanted: UUID | None) -> None:
    """Raise ArtefactRefused for another graph than the one wanted; None wants the platform's own."""
    if wanted is None and not artefact.is_platform:
        raise ArtefactRefused(f"It is signed for the graph {artefact.graph}, not the platform's own.")
    if wanted not in {None, artefact.graph}:
        raise ArtefactRefused(f"It is signed for the graph {artefact.graph}.")

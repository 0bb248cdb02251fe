"""One change between two schemas."""

from dataclasses import dataclass

from schema.checks.kinds import RULES, Criticality, Kind, Rule

SHOWN = 300
"""Characters of an old or new value that a sentence shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happened at one coordinate; `subgraphs` are those that say so, or said so."""

    kind: Kind
    coordinate: str
    old: str = ""
    new: str = ""
    subgraphs: tuple[str, ...] = ()

    @property
    def rule(self) -> Rule:
        """What holds for all changes of this kind."""
        return RULES[self.kind]

    @property
    def criticality(self) -> Criticality:
        """How bad it is, before anybody's operations are looked at."""
        return self.rule.criticality

    @property
    def sentence(self) -> str:
        """What happened, for a person."""
        return self.rule.sentence.format(at=self.coordinate, old=_shown(self.old), new=_shown(self.new))

    @property
    def why(self) -> str:
        """Why it is as bad as it is."""
        return self.rule.why.format(at=self.coordinate)

    @property
    def rank(self) -> tuple[int, str, str, str, str]:
        """Sorts the worst first, then by coordinate."""
        return -self.criticality.weight, self.coordinate, self.kind, self.old, self.new


def _shown(value: str) -> str:
    """The value on one line, cut where nobody reads on."""
    line = " ".join(value.split())
    return (line if len(line) <= SHOWN else f"{line[:SHOWN]}...") or "none"

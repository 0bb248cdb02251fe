"""The notebook of one composition: every error and hint as it is found."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from schema.errors import Code, CompositionError, Place
from schema.hints import Hint, HintCode


@dataclass(slots=True)
class Findings:
    """Collects problems so that a person sees all of them at once, never only the first."""

    errors: list[CompositionError] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)

    def error(self, code: Code, message: str, *places: Place | None) -> None:
        """Note a reason why the subgraphs do not compose."""
        self.errors.append(CompositionError(code=code, message=message, places=_known(places)))

    def concern(self, subgraph: str, *, besides: Code | None = None) -> bool:
        """Whether something is wrong with the subgraph, besides errors of one code."""
        return any(subgraph in error.subgraphs and error.code != besides for error in self.errors)

    def hint(self, code: HintCode, message: str, *places: Place | None) -> None:
        """Note a doubt."""
        self.hints.append(Hint(code=code, message=message, places=_known(places)))


def _known(places: Iterable[Place | None]) -> tuple[Place, ...]:
    return tuple(dict.fromkeys(place for place in places if place))

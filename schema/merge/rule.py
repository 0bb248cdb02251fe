"""How one directive is merged."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schema.document.model import DirectiveDefinition
from schema.spec.composed import Strategy
from schema.spec.link import FeatureUrl


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one directive is merged; `name` is its name in the supergraph.

    A federation directive has `known_as`, a custom one the `url` of its specification and a `definition`.
    """

    name: str
    known_as: str = ""
    own_name: str = ""
    url: FeatureUrl | None = None
    definition: DirectiveDefinition | None = None
    arguments: tuple[str, ...] = ()
    is_repeatable: bool = False
    strategies: Mapping[str, Strategy] = field(default_factory=dict)

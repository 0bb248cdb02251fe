"""Contracts as people write them."""

from collections.abc import Sequence

from common.errors import InvalidInput
from common.texts import clean_slug
from subgraphs.gateway.providers.protocol import ContractFilter
from subgraphs.gateway.service.wording import clean_tags


def contract_of(
    name: str, include: Sequence[str], exclude: Sequence[str], hide_unreachable: bool
) -> ContractFilter:
    """The contract, checked; raises InvalidInput."""
    included, excluded = clean_tags(include, "include"), clean_tags(exclude, "exclude")
    if not included and not excluded:
        raise InvalidInput("A contract includes or excludes at least one tag.", path=("input", "include"))
    if both := sorted({*included} & {*excluded}):
        raise InvalidInput(
            f"A tag is either included or excluded: {', '.join(both)}.", path=("input", "exclude")
        )
    return ContractFilter(
        name=clean_slug(name, "name"), include=included, exclude=excluded, hide_unreachable=hide_unreachable
    )

"""Everything that a router has to enforce, of everybody and of each organisation; and as JSON.

The registry writes it into a signed artefact. A reader who meets something that it does not know refuses the
whole: to leave out a rule would be to let in whom it keeps out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from common.limits.ip_rules import IpAction, IpRule, network_of
from common.limits.rate_limits import Counting, LimitBy, LimitRefused, LimitUnit, RateLimit, WhenAway

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesOf:
    """Limits and rules for the callers of one organisation; None: for everybody, known or not."""

    organisation_id: UUID | None = None
    rate_limits: tuple[RateLimit, ...] = ()
    ip_rules: tuple[IpRule, ...] = ()


Policies = tuple[PoliciesOf, ...]
"""At most one entry an organisation."""


def policies_to_json(policies: Policies) -> bytes:
    """The same bytes for the same policies in the same order."""
    return orjson.dumps({"format": FORMAT, "policies": [_written(part) for part in policies]})


def policies_from_json(text: bytes) -> Policies:
    """The policies; raises LimitRefused."""
    try:
        document = orjson.loads(text)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise LimitRefused(f"These are no policies in format {FORMAT}.")
        return tuple(_read(part) for part in document["policies"])
    except LimitRefused:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as cause:
        raise LimitRefused(f"The policies cannot be read: {type(cause).__name__}: {cause}") from cause


def _written(part: PoliciesOf) -> dict[str, Any]:
    return {
        "organization": _text(part.organisation_id),
        "rateLimits": [
            {
                "name": limit.name,
                "limit": limit.limit,
                "window": limit.window,
                "by": [by.value for by in limit.by],
                "unit": limit.unit.value,
                "counting": limit.counting.value,
                "whenAway": None if limit.when_away is None else limit.when_away.value,
                "operations": list(limit.operations),
                "key": _text(limit.key_id),
            }
            for limit in part.rate_limits
        ],
        "ipRules": [
            {"network": str(rule.network), "action": rule.action.value, "key": _text(rule.key_id)}
            for rule in part.ip_rules
        ],
    }


def _read(part: Mapping[str, Any]) -> PoliciesOf:
    _refuse_unknown(part, {"organization", "rateLimits", "ipRules"})
    return PoliciesOf(
        organisation_id=_uuid(part["organization"]),
        rate_limits=tuple(_rate_limit(limit) for limit in part["rateLimits"]),
        ip_rules=tuple(_ip_rule(rule) for rule in part["ipRules"]),
    )


def _rate_limit(given: Mapping[str, Any]) -> RateLimit:
    known = {"name", "limit", "window", "by", "unit", "counting", "whenAway", "operations", "key"}
    _refuse_unknown(given, known)
    return RateLimit(
        name=given["name"],
        limit=given["limit"],
        window=given["window"],
        by=tuple(LimitBy(by) for by in given["by"]),
        unit=LimitUnit(given["unit"]),
        counting=Counting(given["counting"]),
        when_away=None if given["whenAway"] is None else WhenAway(given["whenAway"]),
        operations=tuple(given["operations"]),
        key_id=_uuid(given["key"]),
    )


def _ip_rule(given: Mapping[str, Any]) -> IpRule:
    _refuse_unknown(given, {"network", "action", "key"})
    return IpRule(
        network=network_of(given["network"]), action=IpAction(given["action"]), key_id=_uuid(given["key"])
    )


def _refuse_unknown(given: Mapping[str, Any], known: set[str]) -> None:
    if unknown := given.keys() - known:
        raise LimitRefused(f"The policies have members that are not known: {', '.join(sorted(unknown))}.")


def _text(id: UUID | None) -> str | None:
    return None if id is None else str(id)


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)

"""Policies prepared for requests: which limits somebody has to pay, and under which key each is counted."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from common.access.principal import Principal, PrincipalKind
from common.limits.ip_rules import IpRule
from common.limits.policies import Policies
from common.limits.rate_limits import LimitBy, LimitUnit, RateLimit
from router.operation.model import InlineFragment, Operation, OperationKind, Selection
from router.protection.ip_rules import IPV6, Address, IpRules
from router.protection.leases import Charge

OF_ORGANISATIONS = "(organizations)"
"""How metrics call all limits that organisations made for themselves: any number of them."""

_LONGEST_NAME = 64
_ROOTS = {
    OperationKind.QUERY: "Query",
    OperationKind.MUTATION: "Mutation",
    OperationKind.SUBSCRIPTION: "Subscription",
}


class Asking(NamedTuple):
    """Who asks for what, as far as limits care. `operation` is None while it is not known yet.

    A tuple because one is made for every request: it costs a fifth of a frozen dataclass.
    """

    address: Address | None
    principal: Principal
    operation: Operation | None = None
    cost: int = 1


@dataclass(frozen=True, slots=True)
class _Limit:
    """One limit, how the keys of its counters begin, and what metrics call it."""

    limit: RateLimit
    prefix: str
    label: str


class Prepared:
    """What holds for everybody and for each organisation.

    `arrivals` are the limits that can be counted before anything is known but the address.
    """

    def __init__(self, policies: Policies, *, ipv6_prefix: int) -> None:
        self._subjects = _subjects(IPV6 - ipv6_prefix)
        everybody = [part for part in policies if part.organisation_id is None]
        known = [part for part in policies if part.organisation_id is not None]
        ours = [
            _Limit(limit, _prefix(limit, None), limit.name)
            for part in everybody
            for limit in part.rate_limits
        ]
        self.arrivals = tuple(each for each in ours if _is_known_at_once(each.limit))
        self._everybodys = tuple(each for each in ours if each not in self.arrivals)
        self._organisations: dict[UUID, tuple[_Limit, ...]] = {
            part.organisation_id: tuple(
                _Limit(limit, _prefix(limit, part.organisation_id), OF_ORGANISATIONS)
                for limit in part.rate_limits
            )
            for part in known
            if part.organisation_id is not None and part.rate_limits
        }
        rules: dict[tuple[UUID | None, UUID | None], list[IpRule]] = {}
        for part in policies:
            for rule in part.ip_rules:
                rules.setdefault((part.organisation_id, rule.key_id), []).append(rule)
        self.ip_rules = IpRules(rules.pop((None, None), ()))
        # A key is its organisation's: what others write of it is nothing.
        self._callers = {whose: IpRules(some) for whose, some in rules.items()}
        self.has_limits = bool(self._everybodys or self._organisations)
        self.has_caller_rules = bool(self._callers)
        self.is_empty = self.ip_rules.is_empty and not (
            self.arrivals or self.has_limits or self.has_caller_rules
        )
        self.labels = (*(each.label for each in ours), OF_ORGANISATIONS)

    def lets_in(self, principal: Principal, address: Address | None) -> bool:
        """Whether the rules of the caller's organisation and of its key allow the address; all have to."""
        here, key = principal.organisation_id, principal.key_id
        for whose in ((here, None), (here, key), (None, key)):
            rules = self._callers.get(whose)
            if rules is not None and not rules.allow(address):
                return False
        return True

    def arrival_charges(self, asking: Asking) -> list[Charge]:
        """What is owed for coming from an address."""
        return self._charges(self.arrivals, asking)

    def charges(self, asking: Asking) -> list[Charge]:
        """What is owed besides, by whoever asks for the operation."""
        charges = self._charges(self._everybodys, asking)
        organisation = asking.principal.organisation_id
        if organisation is not None and organisation in self._organisations:
            charges += self._charges(self._organisations[organisation], asking)
        return charges

    def _charges(self, limits: Iterable[_Limit], asking: Asking) -> list[Charge]:
        charges = []
        for each in limits:
            limit = each.limit
            if limit.key_id is not None and limit.key_id != asking.principal.key_id:
                continue
            if limit.operations and not _names(asking.operation, limit.operations):
                continue
            key = each.prefix
            for by in limit.by:
                subject = self._subjects[by](asking)
                if subject is None:
                    break
                key = f"{key}:{subject}"
            else:
                cost = asking.cost if limit.unit is LimitUnit.COST else 1
                charges.append(Charge(limit, key, cost, each.label))
        return charges


def _subjects(shift: int) -> dict[LimitBy, Callable[[Asking], str | None]]:
    """Whose count it is, by each; None if the request has nothing of the kind."""

    def ip(asking: Asking) -> str | None:
        if asking.address is None:
            return None
        bits, value = asking.address
        return f"{value:x}" if bits != IPV6 else f"{value >> shift:x}-"

    return {
        LimitBy.IP: ip,
        LimitBy.KEY: _key,
        LimitBy.USER: _user,
        LimitBy.ORGANIZATION: _organisation,
        LimitBy.OPERATION: _operation,
    }


def _key(asking: Asking) -> str | None:
    id = asking.principal.key_id
    return None if id is None else id.hex


def _user(asking: Asking) -> str | None:
    principal = asking.principal
    is_user = principal.kind is PrincipalKind.USER
    return principal.id.hex if is_user and principal.id is not None else None


def _organisation(asking: Asking) -> str | None:
    id = asking.principal.organisation_id
    return None if id is None else id.hex


def _operation(asking: Asking) -> str | None:
    if asking.operation is None:
        return None
    name = asking.operation.name or ""
    return name if len(name) <= _LONGEST_NAME else sha256(name.encode()).hexdigest()


def _prefix(limit: RateLimit, organisation_id: UUID | None) -> str:
    of = "" if organisation_id is None else organisation_id.hex
    key = "" if limit.key_id is None else limit.key_id.hex
    return f":{of}:{limit.name}:{key}:{limit.window}"


def _is_known_at_once(limit: RateLimit) -> bool:
    by_address = {*limit.by} <= {LimitBy.IP}
    return by_address and limit.unit is LimitUnit.REQUESTS and not limit.operations and limit.key_id is None


def _names(operation: Operation | None, wanted: tuple[str, ...]) -> bool:
    """Whether one of these is the operation's name, or the root field of it that they name."""
    if operation is None:
        return False
    if operation.name in wanted:
        return True
    root = _ROOTS[operation.kind]
    return any(f"{root}.{name}" in wanted for name in _root_fields(operation.selections))


def _root_fields(selections: Iterable[Selection]) -> Iterable[str]:
    for selection in selections:
        if isinstance(selection, InlineFragment):
            yield from _root_fields(selection.selections)
        else:
            yield selection.name

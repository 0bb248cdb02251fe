"""The limits and rules that hold for a graph, signed, for routers."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.access.artefacts import ArtefactKind, ArtefactSigner, tag_of
from common.db.session import Database
from common.limits.policies import Policies, PoliciesOf, policies_to_json
from subgraphs.gateway.errors import ArtefactKeyMissing
from subgraphs.gateway.models import IpRule, RateLimit
from subgraphs.gateway.repository.limits import LimitRepository, PolicyState, holds_for_everyone
from subgraphs.gateway.service.artefacts import ActiveArtefact
from subgraphs.gateway.service.limits import ip_rule_of, rate_limit_of

_JOB = "policy_artefacts"
_KEPT = 20


class PolicyArtefacts:
    """Answers for the platform's routers, never for a caller: only trusted code holds one."""

    def __init__(self, database: Database, key: Ed25519PrivateKey | None) -> None:
        self._database = database
        self._signer = None if key is None else ArtefactSigner(key)
        self._kept: OrderedDict[UUID, tuple[int, str, bytes]] = OrderedDict()

    async def active(
        self, graph: UUID | None, variant: str = "", *, known: str | None = None
    ) -> ActiveArtefact | None:
        """What routers of a graph (None: the platform's own) enforce; None if there never was a policy.

        All variants of a graph have the same policies: nothing is known under a name of one.
        """
        if self._signer is None:
            raise ArtefactKeyMissing
        if variant:
            return None
        async with self._database.unit_of_work_for_system(domain="gateway", job=_JOB) as work:
            limits = LimitRepository(work.session)
            # The serial first: rows of a later change under an earlier serial are corrected by the next one.
            state = await limits.state_for_system(graph)
            if state is None:
                return None
            kept = self._kept.get(state.graph_id)
            if kept is None or kept[0] != state.serial:
                rows = await limits.policies_for_system(state)
                kept = await asyncio.to_thread(self._signed, state, *rows)
                self._keep(state.graph_id, kept)
        _, tag, text = kept
        return ActiveArtefact(tag=tag, text=None if tag == known else text)

    def _signed(
        self, state: PolicyState, limits: Sequence[RateLimit], rules: Sequence[IpRule]
    ) -> tuple[int, str, bytes]:
        assert self._signer is not None
        body = policies_to_json(_policies(state, limits, rules))
        text = self._signer.sign(
            body,
            kind=ArtefactKind.POLICIES,
            graph=state.graph_id,
            is_platform=state.is_platform,
            variant="",
            number=state.serial,
            serial=state.serial,
            now=state.changed_at,
        )
        return state.serial, tag_of(state.serial, sha256(body).hexdigest()), text

    def _keep(self, graph_id: UUID, kept: tuple[int, str, bytes]) -> None:
        self._kept[graph_id] = kept
        self._kept.move_to_end(graph_id)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)


def _policies(state: PolicyState, limits: Sequence[RateLimit], rules: Sequence[IpRule]) -> Policies:
    of_limits: dict[UUID | None, list[RateLimit]] = {}
    of_rules: dict[UUID | None, list[IpRule]] = {}
    for limit in limits:
        whose = None if holds_for_everyone(limit, state) else limit.organization_id
        of_limits.setdefault(whose, []).append(limit)
    for rule in rules:
        whose = None if holds_for_everyone(rule, state) else rule.organization_id
        of_rules.setdefault(whose, []).append(rule)
    whose_all = sorted({*of_limits, *of_rules}, key=str)
    return tuple(
        PoliciesOf(
            organisation_id=whose,
            rate_limits=tuple(map(rate_limit_of, of_limits.get(whose, ()))),
            ip_rules=tuple(map(ip_rule_of, of_rules.get(whose, ()))),
        )
        for whose in whose_all
    )

"""Loaders of auth: many keys, one statement, only what the caller may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from common.db.pages import Page, PageRequest
from common.db.session import UnitOfWork
from common.graphql.loaders import KeyedLoader
from subgraphs.auth import models
from subgraphs.auth.policies import may_see_keys, may_see_session
from subgraphs.auth.repository.api_keys import ApiKeyRepository
from subgraphs.auth.repository.sessions import SessionRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOf:
    """Which page of whose list; owners with the same request share a statement."""

    owner_id: UUID
    request: PageRequest


class SessionsById(KeyedLoader[UUID, models.Session]):
    """Sessions by their ids."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.Session]:
        """Those the caller may see."""
        found = await SessionRepository(work.session).by_ids(work.principal, keys)
        return {id: row for id, row in found.items() if may_see_session(work.principal, row)}


class SessionPagesByUserId(KeyedLoader[PageOf, Page[models.Session]]):
    """Pages of people's live sessions."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[PageOf]) -> Mapping[PageOf, Page[models.Session]]:
        """One statement for each different page request, mostly one."""
        found: dict[PageOf, Page[models.Session]] = {}
        for request, owners in _by_request(keys).items():
            pages = await SessionRepository(work.session).pages_of_users(
                work.principal, owners, request, self.context.cursors, self.context.clock.now()
            )
            found.update({PageOf(owner_id=owner, request=request): page for owner, page in pages.items()})
        return found


class ApiKeysById(KeyedLoader[UUID, models.ApiKey]):
    """API keys by their ids."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.ApiKey]:
        """Those the caller may see."""
        found = await ApiKeyRepository(work.session).by_ids(work.principal, keys)
        return {
            id: row
            for id, row in found.items()
            if may_see_keys(work.principal, row.organization_id, row.application_id)
        }


class ApiKeyPagesByApplicationId(KeyedLoader[PageOf, Page[models.ApiKey]]):
    """Pages of applications' keys."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[PageOf]) -> Mapping[PageOf, Page[models.ApiKey]]:
        """One statement for each different page request, mostly one."""
        found: dict[PageOf, Page[models.ApiKey]] = {}
        for request, owners in _by_request(keys).items():
            pages = await ApiKeyRepository(work.session).pages_of_applications(
                work.principal, owners, request, self.context.cursors
            )
            found.update({PageOf(owner_id=owner, request=request): page for owner, page in pages.items()})
        return found


def _by_request(keys: Sequence[PageOf]) -> Mapping[PageRequest, list[UUID]]:
    owners: dict[PageRequest, list[UUID]] = {}
    for key in keys:
        owners.setdefault(key.request, []).append(key.owner_id)
    return owners

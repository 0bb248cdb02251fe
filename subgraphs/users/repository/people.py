"""People as the caller may see them: oneself, and the members of the organisation one acts in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from common.access.principal import Principal, PrincipalKind
from common.db.pages import Ascending, CursorCodec, Descending, Order, Page, PageRequest, page_of
from common.db.repository import Repository
from common.errors import InvalidInput
from subgraphs.users.errors import EmailTaken
from subgraphs.users.models import Membership, User


class PeopleOrder(StrEnum):
    """What a list of people can be ordered by."""

    CREATED_AT_ASC = "created_at_asc"
    CREATED_AT_DESC = "created_at_desc"
    NAME_ASC = "name_asc"
    NAME_DESC = "name_desc"
    EMAIL_ASC = "email_asc"
    EMAIL_DESC = "email_desc"


_PARTS: dict[PeopleOrder, Ascending | Descending] = {
    PeopleOrder.CREATED_AT_ASC: Ascending(User.created_at),
    PeopleOrder.CREATED_AT_DESC: Descending(User.created_at),
    PeopleOrder.NAME_ASC: Ascending(User.name),
    PeopleOrder.NAME_DESC: Descending(User.name),
    PeopleOrder.EMAIL_ASC: Ascending(User.email_norm),
    PeopleOrder.EMAIL_DESC: Descending(User.email_norm),
}


def order_of(wanted: Sequence[PeopleOrder]) -> Order:
    """The order that these make, the first one most significant; the newest person first if none is given.

    The id settles ties, in the direction of the part before it.
    """
    names = tuple(wanted) or (PeopleOrder.CREATED_AT_DESC,)
    parts = [_PARTS[name] for name in names]
    if len({part.column.key for part in parts}) < len(parts):
        raise InvalidInput("Order by each thing once.", path=("orderBy",))
    return Order("people:" + ",".join(names), *parts, type(parts[-1])(User.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCondition:
    """How a text must be; what is None does not matter. Never reads case, never reads wildcards."""

    equals: str | None = None
    one_of: tuple[str, ...] | None = None
    starts_with: str | None = None
    contains: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFilter:
    """Which people; every part that is given must hold."""

    statuses: tuple[str, ...] | None = None
    role_id: UUID | None = None
    name: TextCondition = TextCondition()
    email: TextCondition = TextCondition()
    all_of: tuple["PeopleFilter", ...] = ()
    any_of: tuple["PeopleFilter", ...] | None = None
    none_of: tuple["PeopleFilter", ...] = field(default=())


EVERYBODY = PeopleFilter()


class PeopleRepository(Repository):
    """Rows of `users.users`."""

    async def by_ids(self, principal: Principal, ids: Sequence[UUID]) -> dict[UUID, User]:
        """Those of the ids that the caller may see, by id."""
        rows = await self.session.scalars(select(User).where(User.id.in_(ids), _seen_by(principal)))
        return {row.id: row for row in rows}

    async def by_id_locked(self, principal: Principal, id: UUID) -> User | None:
        """One person the caller may see, held until the unit of work ends."""
        query = select(User).where(User.id == id, _seen_by(principal)).with_for_update(of=User)
        return (await self.session.scalars(query)).one_or_none()

    async def member_page(
        self,
        principal: Principal,
        wanted: PeopleFilter,
        order: Order,
        request: PageRequest,
        cursors: CursorCodec,
    ) -> Page[User]:
        """Members of the organisation the caller acts in."""
        query = select(User).where(
            User.deleted_at.is_(None), _member_of(principal), _matches(wanted, principal)
        )
        return await page_of(self.session, query, order, request, cursors)

    async def insert_self(self, user: User) -> None:
        """Add the person this unit of work acts as; raises EmailTaken."""
        await self.insert(user, taken={"uq_users_email_norm": EmailTaken})

    async def by_id_for_system(self, id: UUID) -> User | None:
        """One person, whoever asks: for jobs."""
        return await self.session.get(User, id)


def _seen_by(principal: Principal) -> ColumnElement[bool]:
    oneself = User.id == principal.id if principal.kind is PrincipalKind.USER else false()
    return and_(User.deleted_at.is_(None), or_(oneself, _member_of(principal)))


def _member_of(principal: Principal, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    if principal.organisation_id is None:
        return false()
    return exists().where(
        Membership.user_id == User.id,
        Membership.organization_id == principal.organisation_id,
        *conditions,
    )


def _matches(wanted: PeopleFilter, principal: Principal) -> ColumnElement[bool]:
    conditions = [
        *_text_is(User.name, wanted.name),
        *_text_is(User.email_norm, wanted.email),
        *(_matches(part, principal) for part in wanted.all_of),
        *(not_(_matches(part, principal)) for part in wanted.none_of),
    ]
    if wanted.statuses is not None:
        conditions.append(User.status.in_(wanted.statuses))
    if wanted.role_id is not None:
        conditions.append(_member_of(principal, Membership.role_id == wanted.role_id))
    if wanted.any_of is not None:
        conditions.append(or_(false(), *(_matches(part, principal) for part in wanted.any_of)))
    return and_(true(), *conditions)


def _text_is(column: InstrumentedAttribute[str], wanted: TextCondition) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.equals is not None:
        conditions.append(func.lower(column) == wanted.equals.lower())
    if wanted.one_of is not None:
        conditions.append(func.lower(column).in_([text.lower() for text in wanted.one_of]))
    if wanted.starts_with is not None:
        conditions.append(column.istartswith(wanted.starts_with, autoescape=True))
    if wanted.contains is not None:
        conditions.append(column.icontains(wanted.contains, autoescape=True))
    return conditions

"""The people directory for processes that have no users domain inside."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from common.errors import InvalidInput
from common.graphql.subgraph import Internal
from subgraphs.users.service.directory import PeopleDirectory, Person


def people_questions(directory: PeopleDirectory) -> Mapping[str, Internal]:
    """Which question is asked where.

    POST /internal/people {"email"} or {"userId"}: {"person": null or {"userId", "email", "isActive"}}
    POST /internal/memberships {"userId"}: {"memberships": [{"organizationId", "role", "scopes"}]}
    """

    async def people(question: Mapping[str, Any]) -> Mapping[str, Any]:
        if isinstance(email := question.get("email"), str):
            return {"person": _shown(await directory.person_by_email(email))}
        return {"person": _shown(await directory.person(_uuid(question, "userId")))}

    async def memberships(question: Mapping[str, Any]) -> Mapping[str, Any]:
        grants = await directory.memberships_of(_uuid(question, "userId"))
        return {
            "memberships": [
                {
                    "organizationId": str(grant.organisation_id),
                    "role": grant.role,
                    "scopes": sorted(grant.scopes),
                }
                for grant in grants
            ]
        }

    return {"/internal/people": people, "/internal/memberships": memberships}


def _shown(person: Person | None) -> Mapping[str, Any] | None:
    if person is None:
        return None
    return {"userId": str(person.user_id), "email": person.email, "isActive": person.is_active}


def _uuid(question: Mapping[str, Any], name: str) -> UUID:
    try:
        return UUID(question[name])
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise InvalidInput(f"{name} has to be a UUID.", path=(name,)) from error

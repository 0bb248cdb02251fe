"""The application directory for processes that have no applications domain inside."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from common.errors import InvalidInput
from common.graphql.subgraph import Internal
from subgraphs.applications.service.directory import ApplicationDirectory


def owner_questions(directory: ApplicationDirectory) -> Mapping[str, Internal]:
    """POST /internal/owners {"applicationId"}: {"organizationId": null or the owner's}."""

    async def owners(question: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            application_id = UUID(question["applicationId"])
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise InvalidInput("applicationId has to be a UUID.", path=("applicationId",)) from error
        owner = await directory.organisation_of(application_id)
        return {"organizationId": None if owner is None else str(owner)}

    return {"/internal/owners": owners}

"""The only place where the applications domain's parts are joined."""

from common.graphql.subgraph import Subgraph
from common.resources import Resources
from subgraphs.applications.graphql.schema import SCHEMA
from subgraphs.applications.http.owners import owner_questions
from subgraphs.applications.service.directory import ApplicationDirectory
from subgraphs.applications.service.parts import ApplicationsParts
from subgraphs.applications.settings import ApplicationsSettings


def build_parts(settings: ApplicationsSettings) -> ApplicationsParts:
    """The domain's parts for one process."""
    return ApplicationsParts(settings=settings)


def build_subgraph(resources: Resources, parts: ApplicationsParts) -> Subgraph[ApplicationsParts]:
    """The subgraph, ready to run in process or behind HTTP."""
    return Subgraph(
        name="applications",
        schema=SCHEMA,
        resources=resources,
        parts=parts,
        internal=owner_questions(ApplicationDirectory(resources.database)),
    )

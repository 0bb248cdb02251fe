"""The only place where the users domain's parts are joined."""

from common.graphql.subgraph import Subgraph
from common.mail import Mailer
from common.resources import Resources
from subgraphs.users.graphql.schema import SCHEMA
from subgraphs.users.http.people import people_questions
from subgraphs.users.service.directory import PeopleDirectory
from subgraphs.users.service.invitation_token import InvitationTokens
from subgraphs.users.service.parts import UsersParts
from subgraphs.users.settings import UsersSettings


def build_parts(settings: UsersSettings, *, secret: str, mailer: Mailer) -> UsersParts:
    """The domain's parts for one process. `secret` is the platform's: invitation tokens follow from it."""
    return UsersParts(settings=settings, tokens=InvitationTokens(secret.encode()), mailer=mailer)


def build_subgraph(resources: Resources, parts: UsersParts) -> Subgraph[UsersParts]:
    """The subgraph, ready to run in process or behind HTTP."""
    return Subgraph(
        name="users",
        schema=SCHEMA,
        resources=resources,
        parts=parts,
        internal=people_questions(PeopleDirectory(resources.database)),
    )

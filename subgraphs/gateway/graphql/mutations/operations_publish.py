"""`operationsPublish`: register the operations of a client version."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError
from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.operation_types import GraphClient, GraphClientVersion
from subgraphs.gateway.graphql.refusals import checked_payload_of
from subgraphs.gateway.graphql.types import Graph
from subgraphs.gateway.service.authors import Purpose
from subgraphs.gateway.service.manifest import GivenDocument, read_documents
from subgraphs.gateway.service.operations_publication import (
    OperationsWish,
    RegisteredOperations,
    publish_operations,
)


@strawberry.input(description="A document to register: its text, or the digest of one that was uploaded.")
class RegisteredDocumentInput:
    """A text, and the id by which it is asked for."""

    document_id: str | None = strawberry.field(
        default=None, description="The id by which the client asks for it; by default the digest."
    )
    body: str | None = strawberry.field(default=None, description="Its text, with all of its fragments.")
    sha256: str | None = strawberry.field(
        default=None, description="SHA-256 of the text; alone, if the graph has the text already."
    )

    def as_given(self) -> GivenDocument:
        """As the service takes it."""
        return GivenDocument(id=self.document_id, body=self.body, sha256=self.sha256)


@strawberry.input(description="What a client version registers.")
class OperationsPublishInput:
    """All of its documents at once."""

    graph_id: strawberry.ID = strawberry.field(description="The graph.")
    client: str = strawberry.field(description="The name that the client sends.")
    version: str = strawberry.field(description="The version that it sends.")
    documents: list[RegisteredDocumentInput] = strawberry.field(description="Everything it asks.")
    contract: str = strawberry.field(
        default="", description="The contract whose schema the client sees; by default the whole graph."
    )
    replace: bool = strawberry.field(
        default=False, description="Give a version that is there these documents instead of its own."
    )
    dry_run: bool = strawberry.field(default=False, description="Only check, and say what would come of it.")
    reason: str = strawberry.field(default="", description="Why; it is kept with the change.")
    git_revision: str = strawberry.field(default="", description="The commit the client was built from.")


@strawberry.type(description="What came of publishing operations.")
class OperationsPublishPayload:
    """The registered version, or why not."""

    graph: Graph | None = strawberry.field(default=None, description="The graph.")
    client: GraphClient | None = strawberry.field(
        default=None, description="The client; null after a dry run for a new one."
    )
    client_version: GraphClientVersion | None = strawberry.field(
        default=None, description="The version; null after a dry run for a new one."
    )
    is_new: bool = strawberry.field(
        default=False, description="Something was registered (after a dry run: would be)."
    )
    document_count: int = strawberry.field(default=0, description="How many documents the version has.")
    added_count: int = strawberry.field(
        default=0, description="How many ids no other version of the client has."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")

    @classmethod
    def of(cls, done: RegisteredOperations) -> "OperationsPublishPayload":
        """What came of it."""
        return cls(
            graph=Graph.from_row(done.graph),
            client=None if done.client is None else GraphClient.from_row(done.client),
            client_version=None if done.version is None else GraphClientVersion.from_row(done.version),
            is_new=done.is_new,
            document_count=done.documents,
            added_count=done.added,
        )


async def operations_publish(info: Info, input: OperationsPublishInput) -> OperationsPublishPayload:
    """Register the operations of a client version; what does not fit the active schema changes nothing.

    The same again is no change. Needs `operations:publish`.
    """

    async def change() -> OperationsPublishPayload:
        context, parts = info.context, info.context.parts
        given = [document.as_given() for document in input.documents]
        wish = OperationsWish(
            graph_id=local_id(input.graph_id, "Graph"),
            client=input.client,
            version=input.version,
            manifest=read_documents(given, parts.settings.documents_per_version),
            contract=input.contract,
            replaces=input.replace,
            is_trial=input.dry_run,
            purpose=Purpose(reason=input.reason, git_revision=input.git_revision).cleaned(),
        )
        done = await publish_operations(context.work, parts, context.clock, wish)
        context.forget_loaded()
        return OperationsPublishPayload.of(done)

    return await checked_payload_of(OperationsPublishPayload, change())

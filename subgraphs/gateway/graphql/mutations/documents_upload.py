"""`documentsUpload`: texts that a version will be registered with."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError
from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.refusals import checked_payload_of
from subgraphs.gateway.service.manifest import GivenDocument, read_documents
from subgraphs.gateway.service.operations_publication import upload_documents


@strawberry.input(description="Texts of documents.")
class DocumentsUploadInput:
    """Part of what a manifest has, if that is too large for one request."""

    graph_id: strawberry.ID = strawberry.field(description="The graph.")
    bodies: list[str] = strawberry.field(description="The texts, with all of their fragments.")
    contract: str = strawberry.field(
        default="", description="The contract whose schema the client sees; by default the whole graph."
    )


@strawberry.type(description="What came of uploading documents.")
class DocumentsUploadPayload:
    """How many texts are new, or why not."""

    new_count: int = strawberry.field(default=0, description="How many texts the graph did not have.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def documents_upload(info: Info, input: DocumentsUploadInput) -> DocumentsUploadPayload:
    """Check texts and keep them for a day, so that `operationsPublish` can name them by their digests.

    Nobody may ask for them by that. Needs `operations:publish`.
    """

    async def change() -> DocumentsUploadPayload:
        context, parts = info.context, info.context.parts
        given = [GivenDocument(body=body) for body in input.bodies]
        manifest = read_documents(given, parts.settings.documents_per_version)
        graph_id = local_id(input.graph_id, "Graph")
        new = await upload_documents(context.work, parts, context.clock, graph_id, manifest, input.contract)
        return DocumentsUploadPayload(new_count=new)

    return await checked_payload_of(DocumentsUploadPayload, change())

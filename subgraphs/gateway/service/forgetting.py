"""What is not kept for ever: usage, retired versions, operations nobody sends, texts nobody needs."""

from dataclasses import dataclass
from datetime import timedelta

from common.clock import Clock
from common.db.session import UnitOfWork
from subgraphs.gateway.repository.clients import ClientRepository
from subgraphs.gateway.repository.documents import DocumentRepository
from subgraphs.gateway.repository.usage import UsageRepository
from subgraphs.gateway.settings import GatewaySettings

_UPLOADED_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How many rows of each kind went."""

    usage: int
    versions: int
    operations: int
    documents: int


async def forget_for_system(work: UnitOfWork, clock: Clock, settings: GatewaySettings) -> Forgotten:
    """Let go of what is older than the settings say; what others refer to goes last."""
    now = clock.now()
    usage, documents = UsageRepository(work.session), DocumentRepository(work.session)
    return Forgotten(
        usage=await usage.forget_usage_for_system(now - settings.usage_kept),
        versions=await ClientRepository(work.session).forget_versions_for_system(
            now - settings.retired_versions_kept
        ),
        operations=await usage.forget_operations_for_system(now - settings.usage_kept),
        documents=await documents.forget_documents_for_system(now - _UPLOADED_KEPT),
    )

"""What the gateway domain needs beside the platform's resources, joined in `app`."""

from dataclasses import dataclass

from subgraphs.gateway.providers.documents import DocumentChecker
from subgraphs.gateway.providers.protocol import Composer
from subgraphs.gateway.service.artefacts import Artefacts
from subgraphs.gateway.service.operation_artefacts import OperationArtefacts
from subgraphs.gateway.service.policy_artefacts import PolicyArtefacts
from subgraphs.gateway.service.usage import UsageRecorder
from subgraphs.gateway.settings import GatewaySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayParts:
    """Settings, who composes, what is active; `reserved` are the names of the platform's own subgraphs.

    `checker` holds operations against schemas, `operations` are those that routers may trust, `policies`
    what they enforce, `usage` takes what they counted.
    """

    settings: GatewaySettings
    composer: Composer
    checker: DocumentChecker
    artefacts: Artefacts
    operations: OperationArtefacts
    policies: PolicyArtefacts
    usage: UsageRecorder
    reserved: frozenset[str]

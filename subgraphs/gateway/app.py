"""The only place where the gateway domain's parts are joined."""

from common.access.signing import private_key_from_text
from common.graphql.subgraph import Subgraph
from common.resources import Resources
from common.settings import SettingsError
from subgraphs.gateway.graphql.schema import SCHEMA
from subgraphs.gateway.http.artefacts import artefact_readings
from subgraphs.gateway.http.usage import usage_reports
from subgraphs.gateway.providers.documents import DocumentChecker
from subgraphs.gateway.providers.protocol import Composer
from subgraphs.gateway.service.artefacts import Artefacts
from subgraphs.gateway.service.operation_artefacts import OperationArtefacts
from subgraphs.gateway.service.parts import GatewayParts
from subgraphs.gateway.service.policy_artefacts import PolicyArtefacts
from subgraphs.gateway.service.usage import UsageRecorder
from subgraphs.gateway.settings import GatewaySettings


def build_parts(
    resources: Resources,
    settings: GatewaySettings,
    *,
    composer: Composer,
    checker: DocumentChecker,
    reserved: frozenset[str],
) -> GatewayParts:
    """The domain's parts for one process. `reserved` are the names of the platform's own subgraphs."""
    key = settings.artefact_key
    try:
        signing_key = None if key is None else private_key_from_text(key.get_secret_value())
    except ValueError as error:
        raise SettingsError("ATRIUM_ARTEFACT_KEY: not an Ed25519 private key (see `atrium keys`)") from error
    return GatewayParts(
        settings=settings,
        composer=composer,
        checker=checker,
        artefacts=Artefacts(resources.database, signing_key),
        operations=OperationArtefacts(resources.database, signing_key),
        policies=PolicyArtefacts(resources.database, signing_key),
        usage=UsageRecorder(resources.database, resources.clock, settings),
        reserved=reserved,
    )


def build_subgraph(resources: Resources, parts: GatewayParts) -> Subgraph[GatewayParts]:
    """The subgraph, ready to run in process or behind HTTP."""
    return Subgraph(
        name="gateway",
        schema=SCHEMA,
        resources=resources,
        parts=parts,
        readings=artefact_readings(parts.artefacts, parts.operations, parts.policies),
        internal=usage_reports(parts.usage),
    )

"""The only place where the gateway domain's parts are joined."""

from common.access.signing import private_key_from_text
from common.graphql.subgraph import Subgraph
from common.resources import Resources
from common.settings import SettingsError
from subgraphs.gateway.graphql.schema import SCHEMA
from subgraphs.gateway.http.artefacts import artefact_reading
from subgraphs.gateway.providers.protocol import Composer
from subgraphs.gateway.service.artefacts import Artefacts
from subgraphs.gateway.service.parts import GatewayParts
from subgraphs.gateway.settings import GatewaySettings


def build_parts(
    resources: Resources, settings: GatewaySettings, *, composer: Composer, reserved: frozenset[str]
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
        artefacts=Artefacts(resources.database, signing_key),
        reserved=reserved,
    )


def build_subgraph(resources: Resources, parts: GatewayParts) -> Subgraph[GatewayParts]:
    """The subgraph, ready to run in process or behind HTTP."""
    return Subgraph(
        name="gateway",
        schema=SCHEMA,
        resources=resources,
        parts=parts,
        readings=artefact_reading(parts.artefacts),
    )

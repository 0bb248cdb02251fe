"""What the gateway domain needs beside the platform's resources, joined in `app`."""

from dataclasses import dataclass

from subgraphs.gateway.providers.protocol import Composer
from subgraphs.gateway.service.artefacts import Artefacts
from subgraphs.gateway.settings import GatewaySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayParts:
    """Settings, who composes, what is active; `reserved` are the names of the platform's own subgraphs."""

    settings: GatewaySettings
    composer: Composer
    artefacts: Artefacts
    reserved: frozenset[str]

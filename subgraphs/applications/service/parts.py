"""What the applications domain needs beside the platform's resources, joined in `app`."""

from dataclasses import dataclass

from subgraphs.applications.settings import ApplicationsSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationsParts:
    """Settings."""

    settings: ApplicationsSettings

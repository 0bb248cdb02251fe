"""Everything about persisted operations that lives as long as the router: joined once, begun and stopped."""

from pathlib import Path

from common.operations.usage import UsageSink
from router.persisted.folder import ManifestFolder
from router.persisted.reading import DocumentsSource, Reading
from router.pipeline.finish import Finish
from router.pipeline.router import Router
from router.pipeline.warm import Warming
from router.settings import RouterSettings
from router.state.documents import RedisDocuments
from router.usage.reporting import Reporting


class Persisting:
    """The documents and whoever follows them; what is counted and whoever hands it on."""

    def __init__(
        self, settings: RouterSettings, source: DocumentsSource | None, sink: UsageSink | None
    ) -> None:
        wanted = settings.persisted
        is_folder = source is None and wanted.manifests is not None
        if source is None and wanted.manifests is not None:
            source = ManifestFolder(Path(wanted.manifests))
        self._shared: RedisDocuments | None = None
        if wanted.automatic and wanted.automatic_redis_url is not None:
            self._shared = RedisDocuments(wanted.automatic_redis_url)
        self.reading = Reading(
            wanted, source, shared=self._shared, is_needed=is_folder, seconds=settings.reload_seconds
        )
        self.desk = self.reading.desk
        is_counted = wanted.usage and (sink is not None or settings.metrics)
        self.reporting = Reporting(sink) if is_counted else None
        counter = None if self.reporting is None else self.reporting.counter
        has_work = counter is not None or bool(wanted.public_seconds)
        self.finish = Finish(settings, self.desk, counter) if has_work else None
        self.warming: Warming | None = None
        self._warm = wanted.warm

    def serve(self, router: Router) -> None:
        """Look after this router."""
        self.warming = Warming(router, self._warm)
        self.reading.on_change(self.warming.begin)
        router.snapshots.on_swap(self.desk.forget_snapshots)
        router.snapshots.on_swap(self.warming.begin)

    async def begin(self) -> None:
        """Read documents, and hand on what is counted; raises what makes needed documents unusable."""
        await self.reading.begin()
        if self.reporting is not None:
            await self.reporting.begin()

    async def stop(self) -> None:
        """Hand on what is left, and rest."""
        if self.warming is not None:
            self.warming.stop()
        await self.reading.stop()
        if self.reporting is not None:
            await self.reporting.stop()
        if self._shared is not None:
            await self._shared.close()

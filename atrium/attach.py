"""Which stores a command works on: the environment's, those of a running `atrium up`, or its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from atrium.config import use_config
from atrium.embedded import EmbeddedStores, FolderInUse, lock_folder
from atrium.failure import Failed
from atrium.folder import DataFolder, data_folder


class NoStores(Failed):
    """There is nothing to work on."""

    def __init__(self, folder: DataFolder) -> None:
        super().__init__(
            f"Nobody runs the stores of {folder.path}: set DATABASE_URL and REDIS_URL, or start `atrium up`."
        )


@contextmanager
def attached(path: Path, *, may_start: bool) -> Iterator[None]:
    """Within it, this process' environment points at the stores.

    `may_start`: if nobody runs the embedded stores of the folder, they run for as long as the command does.
    """
    if not os.environ.get("DATABASE_URL"):
        use_config(None)
    if os.environ.get("DATABASE_URL"):
        yield
        return
    folder = data_folder(path)
    if _is_in_use(folder):
        running = folder.running_stores()
        if running is None:
            raise Failed(f"The stores of {folder.path} are just starting or stopping; try again.")
        os.environ.update(folder.development_environment(*running))
        yield
        return
    if not may_start:
        raise NoStores(folder)
    stores = EmbeddedStores(folder.path)
    stores.start()
    try:
        os.environ.update(folder.development_environment(stores.postgres.url, stores.redis.url))
        yield
    finally:
        stores.stop()


def _is_in_use(folder: DataFolder) -> bool:
    try:
        lock_folder(folder.path).close()
    except FolderInUse:
        return True
    return False

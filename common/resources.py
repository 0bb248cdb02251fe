"""What a process has once, and every domain in it uses."""

from dataclasses import dataclass

from common.clock import Clock
from common.db.pages import CursorCodec
from common.db.session import Database
from common.events.hub import Hub


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What a process has and every domain in it uses."""

    database: Database
    hub: Hub
    clock: Clock
    cursors: CursorCodec

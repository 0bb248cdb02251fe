"""How each HTTP subgraph is listened to, as the settings say."""

from typing import assert_never, cast

from router.settings import ENVIRONMENT_PREFIX, SettingRefused, SubscriptionSettings
from router.subgraph_client.callback import Callbacks, CallbackSource
from router.subgraph_client.event_source import EventSource, Listened, Transport
from router.subgraph_client.event_stream import EventStreamSource
from router.subgraph_client.headers import HeaderPolicy
from router.subgraph_client.http import HttpPool
from router.subgraph_client.multipart_stream import MultipartSource
from router.subgraph_client.websocket import SocketSource


class EventSources:
    """Makes them. `callbacks` takes what subgraphs call back with. Raises SettingRefused."""

    def __init__(self, settings: SubscriptionSettings, pool: HttpPool) -> None:
        if settings.callback_url is None and any(each.transport == "callback" for each in settings.sources):
            raise SettingRefused(
                f"{ENVIRONMENT_PREFIX}SUBSCRIPTION_CALLBACK_URL",
                "must say where subgraphs reach this process: some of them are to call back.",
            )
        self._settings = settings
        self._pool = pool
        self.callbacks = Callbacks()

    def source(self, *, name: str, url: str, policy: HeaderPolicy, seconds: float) -> EventSource:
        """The way to listen to one subgraph."""
        listened = Listened(name=name, url=url, policy=policy, seconds=seconds, settings=self._settings)
        match cast("Transport", listened.source.transport):
            case "ws":
                return SocketSource(listened)
            case "sse":
                return EventStreamSource(listened, self._pool.streams)
            case "multipart":
                return MultipartSource(listened, self._pool.streams)
            case "callback":
                assert self._settings.callback_url is not None  # refused in the beginning
                return CallbackSource(listened, self._pool, self.callbacks, self._settings.callback_url)
            case other:
                assert_never(other)

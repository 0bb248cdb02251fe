"""Notices that Redis was away even when the worker waits for nothing from it.

A worker whose slots are all taken does not read from Redis. If Redis dies then, the tasks' acknowledgements
fail, their slots stay taken, and the worker waits for ever. So each second the consumer asks whether it is
still the same Redis; if not, it begins anew, with free slots. What was not acknowledged is handed over again.
"""

from typing import Any

from celery import bootsteps
from redis.exceptions import ConnectionError as RedisConnectionError

_SECONDS = 1.0


class BrokerWatch(bootsteps.StartStopStep):  # type: ignore[misc]  # celery is untyped
    """A step of the consumer: begins and ends with each connection to the broker."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **_: Any) -> None:
        self._timer: Any = None

    def start(self, consumer: Any) -> None:
        """Ask each second, in the consumer's own loop: an error there makes it connect anew."""
        first = _run_id(consumer)

        def check() -> None:
            if _run_id(consumer) != first:
                raise RedisConnectionError("Redis was started again")

        self._timer = consumer.timer.call_repeatedly(_SECONDS, check)

    def stop(self, consumer: Any) -> None:
        """Ask no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _run_id(consumer: Any) -> str:
    """Tells one life of the Redis server from the next; raises when it is away."""
    return str(consumer.connection.default_channel.client.info("server")["run_id"])

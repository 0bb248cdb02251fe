"""Notices that Redis was away even when the worker waits for nothing from it.

A worker whose slots are all taken does not read from Redis. If Redis dies then, the tasks' acknowledgements
fail, their slots stay taken, and the worker waits for ever. So each second the consumer asks whether it is
still the same Redis; if not, it begins anew, with free slots. What was not acknowledged is handed over again.
"""

from typing import Any

from celery import bootsteps
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

_SECONDS = 1.0
_PATIENCE = 2.0


class BrokerWatch(bootsteps.StartStopStep):  # type: ignore[misc]  # celery is untyped
    """A step of the consumer: begins and ends with each connection to the broker."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **_: Any) -> None:
        self._timer: Any = None
        self._redis: Redis | None = None

    def start(self, consumer: Any) -> None:
        """Ask each second, in the consumer's own loop: an error there makes it connect anew.

        On a connection of its own: on the consumer's, answers to its blocking reads come in between.
        """
        self._redis = redis = Redis.from_url(
            consumer.app.conf.broker_url,
            socket_timeout=_PATIENCE,
            socket_connect_timeout=_PATIENCE,
            retry=Retry(NoBackoff(), 0),
        )
        first = _run_id(redis)

        def check() -> None:
            if _run_id(redis) != first:
                raise RedisConnectionError("Redis was started again")

        self._timer = consumer.timer.call_repeatedly(_SECONDS, check)

    def stop(self, consumer: Any) -> None:
        """Ask no more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._redis is not None:
            self._redis.close()
        self._timer = self._redis = None


def _run_id(redis: Redis) -> str:
    """Tells one life of the Redis server from the next; raises when it is away."""
    return str(redis.info("server")["run_id"])

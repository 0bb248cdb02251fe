"""Structured logs: one JSON object a line (or a readable one), with the request id, without secrets."""

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog

_REQUEST_ID: ContextVar[str | None] = ContextVar("atrium_request_id", default=None)

_SECRET_NAME = re.compile(
    r"pass(word|phrase)|secret|token|authori[sz]ation|cookie|api_?key|private|credential", re.I
)
_SECRET_VALUE = re.compile(
    r"(?P<scheme>://[^\s:/@]*:)[^\s@/]+(?=@)"  # the password in an address
    r"|\batr_[A-Za-z0-9_-]{8,}"  # an API key
    r"|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"  # a JWT
    r"|(?i:\bbearer\s+)\S+"
)
HIDDEN = "[hidden]"
_MAX_LEVELS = 50
"""What lies deeper in a value is left out of the log: the entry itself must not be lost."""

Log = structlog.stdlib.BoundLogger


def current_request_id() -> str | None:
    """The id of the request (or task) that this code runs for."""
    return _REQUEST_ID.get()


@contextmanager
def request_id(value: str | None) -> Iterator[None]:
    """Everything logged and published inside belongs to this request."""
    token = _REQUEST_ID.set(value)
    try:
        yield
    finally:
        _REQUEST_ID.reset(token)


def get_log(name: str) -> Log:
    """The log of one part; cheap, and written as `configure_logs` says, whenever that is called."""
    if not structlog.is_configured():
        _configure_structlog()
    log: Log = structlog.stdlib.get_logger(name)
    return log


def configure_logs(*, level: str = "INFO", as_json: bool = True) -> None:
    """Send our logs and those of the libraries to standard error in one form."""
    shared = _configure_structlog()
    renderer: Any = structlog.processors.JSONRenderer() if as_json else _readable()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


def _configure_structlog() -> list[Any]:
    """Hand entries to the standard library's logging; its handlers decide where they go."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    return shared


def _readable() -> structlog.dev.ConsoleRenderer:
    """For people; colours only where they are shown, not in files and pipes."""
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)


def hide_secrets(logger: Any, method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank out what looks like a secret, by its name or by its shape."""
    for name, value in entry.items():
        entry[name] = HIDDEN if _SECRET_NAME.search(name) and value is not None else _without_secrets(value)
    return entry


def _without_secrets(value: Any, levels: int = _MAX_LEVELS) -> Any:
    match value:
        case dict() | list() | tuple() if not levels:
            return "(nested too deeply)"
        case str():
            return _SECRET_VALUE.sub(lambda found: (found["scheme"] or "") + HIDDEN, value)
        case dict():
            return {
                name: HIDDEN if _SECRET_NAME.search(str(name)) else _without_secrets(inner, levels - 1)
                for name, inner in value.items()
            }
        case list() | tuple():
            return [_without_secrets(inner, levels - 1) for inner in value]
        case _:
            return value


def _add_request_id(logger: Any, method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    value = _REQUEST_ID.get()
    if value is not None:
        entry.setdefault("request_id", value)
    return entry

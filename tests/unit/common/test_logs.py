"""Logs: one JSON object a line, whose request it was, no secrets."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from common.telemetry.logs import HIDDEN, configure_logs, get_log, hide_secrets, request_id


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is written to standard error; the test's own logging comes back afterwards."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs(level="info")
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def written(lines: io.StringIO) -> list[dict[str, object]]:
    """The lines as values."""
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_an_entry_is_one_json_object_with_its_request(lines: io.StringIO) -> None:
    with request_id("r-1"):
        get_log("notes").info("note.written", note_id="n-1")
    get_log("notes").debug("note.whispered")

    [entry] = written(lines)
    assert {name: entry[name] for name in ("event", "note_id", "request_id", "level", "logger")} == {
        "event": "note.written",
        "note_id": "n-1",
        "request_id": "r-1",
        "level": "info",
        "logger": "notes",
    }


def test_libraries_write_in_the_same_form_and_tracebacks_stay_in_the_line(lines: io.StringIO) -> None:
    try:
        raise ValueError("bad: postgresql://u:hunter2@h/d")
    except ValueError:
        logging.getLogger("library").exception("it failed")

    [entry] = written(lines)
    assert entry["event"] == "it failed"
    assert "ValueError: bad" in str(entry["exception"])
    assert "hunter2" not in lines.getvalue()


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("password", "hunter2", HIDDEN),
        ("newPassword", "hunter2", HIDDEN),
        ("Authorization", "Bearer x", HIDDEN),
        ("refresh_token", "abc", HIDDEN),
        ("password", None, None),
        ("title", "hello", "hello"),
        ("count", 3, 3),
        ("url", "postgresql://u:hunter2@h/d", f"postgresql://u:{HIDDEN}@h/d"),
        ("url", "redis://:hunter2@h/0", f"redis://:{HIDDEN}@h/0"),
        ("text", "key atr_live_0123456789abcdef used", f"key {HIDDEN} used"),
        ("text", "Bearer eyJhbGciOi", HIDDEN),
        ("text", "eyJhbGci.eyJzdWIi.c2lnbmF0", HIDDEN),
        ("headers", {"cookie": "a=b", "accept": "x"}, {"cookie": HIDDEN, "accept": "x"}),
        ("urls", ["redis://:hunter2@h/0"], [f"redis://:{HIDDEN}@h/0"]),
    ],
)
def test_secrets_are_blanked_out(name: str, value: object, shown: object) -> None:
    assert hide_secrets(None, "info", {name: value}) == {name: shown}


def test_what_libraries_and_the_router_log_with_a_line_is_in_it(lines: io.StringIO) -> None:
    told = {"error_id": "e-1", "extensions": {"code": "X", "token": "hunter2"}, "path": ("me", 0)}

    logging.getLogger("router").error("an error was masked", extra=told)

    [entry] = written(lines)
    assert entry["error_id"] == "e-1"
    assert entry["path"] == ["me", 0]
    assert entry["extensions"] == {"code": "X", "token": HIDDEN}


def test_an_entry_with_something_nested_without_end_is_not_lost(lines: io.StringIO) -> None:
    deep: object = "end"
    for level in range(2_000):
        deep = [deep] if level % 2 else {"a": deep}

    logging.getLogger("library").error("it said %s", "x", extra={"extensions": {"deep": deep, "code": "X"}})

    [entry] = written(lines)
    assert entry["event"] == "it said x"
    assert "nested too deeply" in str(entry["extensions"])
    assert entry["extensions"]["code"] == "X"  # type: ignore[index]

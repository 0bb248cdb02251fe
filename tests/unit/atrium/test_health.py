"""What health checks of containers ask."""

import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from atrium.health import Unhealthy, beating, check_address, check_heartbeat


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_success_is_healthy(address: str) -> None:
    check_address(f"{address}/readyz")


def test_an_error_is_not(address: str) -> None:
    with pytest.raises(Unhealthy, match="answers 503"):
        check_address(f"{address}/healthz")


def test_only_http_is_asked() -> None:
    with pytest.raises(Unhealthy, match="not an HTTP address"):
        check_address("file:///etc/passwd")


def test_a_heartbeat_is_healthy_until_it_has_been_silent_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(Unhealthy, match="No heartbeat"):
        check_heartbeat()

    with beating():
        limit = time.monotonic() + 10
        while not list(tmp_path.iterdir()):
            assert time.monotonic() < limit

    check_heartbeat()
    with pytest.raises(Unhealthy, match="300 s ago"):
        check_heartbeat(now=time.time() + 300)

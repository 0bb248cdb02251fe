"""Stands where the router stands: signs what another gateway asks, so that the subgraphs answer it."""

import base64
import json
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from common.access.principal import Principal
from common.access.signing import HEADER, IdentitySigner, private_key_from_text
from router.access.tokens import principal_of


def principal_of_token(access_token: str) -> Principal:
    """Who an access token speaks for; it is not verified here."""
    payload = access_token.split(".")[1]
    return principal_of(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


@contextmanager
def signing_door(subgraphs: Mapping[str, str], key: str, principal: Principal) -> Iterator[str]:
    """An address under which /NAME is that subgraph, asked by the principal through the router."""
    signer = IdentitySigner(private_key_from_text(key))

    class Door(BaseHTTPRequestHandler):
        """POST /NAME goes on to the subgraph of that name, signed."""

        def do_POST(self) -> None:
            name = self.path.strip("/")
            body = self.rfile.read(int(self.headers["content-length"]))
            identity = signer.sign(
                principal, audience=name, body=body, request_id="other-gateway", now=datetime.now(UTC)
            )
            headers = {"content-type": "application/json", HEADER: identity}
            asked = urllib.request.Request(f"{subgraphs[name]}/graphql", body, headers)
            with urllib.request.urlopen(asked, timeout=20) as answer:
                answered = answer.read()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answered)))
            self.end_headers()
            self.wfile.write(answered)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: a test run is no place for an access log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()

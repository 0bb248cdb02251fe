"""The client's address reaches subgraphs from behind a proxy of ours, however the client asks."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Network

import pytest

from common.access.signing import IdentityVerifier, generate_key, private_key_to_text
from tests.integration.router.conftest import SETTINGS, started

HERE, ELSEWHERE = IPv4Network("127.0.0.0/8"), IPv4Network("10.0.0.0/8")
HEADERS = {"x-forwarded-for": "198.51.100.1, 203.0.113.9"}
ECHO = '{ echo(text: "x") }'


@pytest.mark.parametrize(("trusted", "address"), [(HERE, "203.0.113.9"), (ELSEWHERE, "127.0.0.1")])
async def test_over_http_and_over_a_socket(trusted: IPv4Network, address: str) -> None:
    async for platform in started(replace(SETTINGS, trusted_proxies=(trusted,)), over_http=False):
        await platform.ask(ECHO, headers=HEADERS)
        async with platform.session.ws_connect(
            platform.url, protocols=["graphql-transport-ws"], headers=HEADERS
        ) as socket:
            await socket.send_json({"type": "connection_init"})
            await socket.receive_json(timeout=5)
            await socket.send_json({"id": "1", "type": "subscribe", "payload": {"query": ECHO}})
            assert (await socket.receive_json(timeout=5))["payload"] == {"data": {"echo": "x"}}

        assert [call.client_address for call in platform.products.calls] == [address, address]


async def test_through_a_prefix() -> None:
    key = generate_key()
    settings = replace(SETTINGS, trusted_proxies=(HERE,), signing_key=private_key_to_text(key))
    async for platform in started(settings, over_http=True):
        answer = await platform.send("GET", "/.well-known/keys", headers=HEADERS)

        signed = answer.body["headers"]["atrium-identity"]
        verifier = IdentityVerifier([key.public_key()], audience="products")
        assert verifier.verify(signed, b"", datetime.now(UTC)).client_address == "203.0.113.9"
        assert "x-forwarded-for" not in answer.body["headers"]

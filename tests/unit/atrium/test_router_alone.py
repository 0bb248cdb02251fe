"""A router that could ask no registry, or believe none, does not start: one line says what is missing."""

from dataclasses import replace
from pathlib import Path

import pytest

from atrium.failure import Failed
from atrium.router_alone import Supergraphs, serve_router
from common.access.signing import generate_key, private_key_to_text, public_key_to_text

KEY = generate_key()
WISH = Supergraphs(file=None, registry="http://gateway:4000", graph="platform", variant="")
ENVIRONMENT = {
    "ATRIUM_ROUTER_KEY": private_key_to_text(KEY),
    "ATRIUM_ARTEFACT_PUBLIC_KEYS": public_key_to_text(KEY.public_key()),
}


@pytest.mark.parametrize(
    ("wish", "environment", "said"),
    [
        (WISH, {"ATRIUM_ROUTER_KEY": None}, "set ATRIUM_ROUTER_KEY"),
        (WISH, {"ATRIUM_ROUTER_KEY": "secret-words"}, "ATRIUM_ROUTER_KEY is no Ed25519 private key"),
        (WISH, {"ATRIUM_ARTEFACT_PUBLIC_KEYS": None}, "ATRIUM_ARTEFACT_PUBLIC_KEYS is empty"),
        (WISH, {"ATRIUM_ARTEFACT_PUBLIC_KEYS": " , "}, "ATRIUM_ARTEFACT_PUBLIC_KEYS is empty"),
        (WISH, {"ATRIUM_ARTEFACT_PUBLIC_KEYS": "secret-words"}, "no Ed25519 public key"),
        (replace(WISH, graph="atrium"), {}, "A graph is `platform` or a UUID, not 'atrium'"),
        (replace(WISH, registry="gateway:4000"), {}, "http:// or https:// URL"),
        (replace(WISH, registry="file:///etc/passwd"), {}, "http:// or https:// URL"),
        (replace(WISH, registry="http://gateway:4000?x=1"), {}, "without a query"),
        (replace(WISH, file=Path("missing.graphql")), {}, "missing.graphql cannot be read"),
    ],
)
def test_what_is_missing_is_named(
    wish: Supergraphs, environment: dict[str, str | None], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (ENVIRONMENT | environment).items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)

    with pytest.raises(Failed) as refused:
        serve_router(wish, "127.0.0.1", 0)

    assert said in str(refused.value)
    assert "secret-words" not in str(refused.value)

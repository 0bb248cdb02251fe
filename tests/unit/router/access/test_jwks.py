"""Published keys: cached, asked again for an unknown id, kept while their issuer is away."""

from collections.abc import Mapping
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from router.access.jwks import KeysUnavailable, PublishedKeys, read_key_set
from router.errors import CredentialsUnchecked


def new_key(kid: str) -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig", "alg": "Ed25519"})


class Issuer:
    """Publishes keys, or is away."""

    def __init__(self, *kids: str) -> None:
        self.keys = [new_key(kid) for kid in kids]
        self.is_away = False
        self.asked = 0

    async def fetch(self) -> Mapping[str, Any]:
        self.asked += 1
        if self.is_away:
            raise KeysUnavailable("away")
        return {"keys": [key.as_dict(private=False) for key in self.keys]}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_a_key_is_fetched_once() -> None:
    issuer = Issuer("a")
    keys = PublishedKeys(issuer.fetch, clock=Clock())

    first, second = await keys.key("a"), await keys.key("a")

    assert first is not None
    assert first is second
    assert issuer.asked == 1


async def test_an_unknown_id_asks_anew_but_not_for_every_request() -> None:
    issuer, clock = Issuer("a"), Clock()
    keys = PublishedKeys(issuer.fetch, clock=clock)
    await keys.key("a")

    assert await keys.key("b") is None
    assert issuer.asked == 1
    issuer.keys.append(new_key("b"))
    clock.now += 2.0

    assert await keys.key("b") is not None
    assert issuer.asked == 2


async def test_the_last_good_keys_stay_while_the_issuer_is_away() -> None:
    issuer, clock = Issuer("a"), Clock()
    keys = PublishedKeys(issuer.fetch, clock=clock)
    await keys.key("a")
    issuer.is_away = True
    clock.now += 1_000_000

    assert await keys.key("a") is not None
    assert issuer.asked == 2


async def test_without_any_keys_nothing_is_decided_and_attempts_become_rarer() -> None:
    issuer, clock = Issuer("a"), Clock()
    issuer.is_away = True
    keys = PublishedKeys(issuer.fetch, clock=clock)

    for _ in range(10):
        with pytest.raises(CredentialsUnchecked):
            await keys.key("a")
        clock.now += 1.0

    assert issuer.asked == 4  # after 0, 1, 3 and 7 seconds
    issuer.is_away = False
    clock.now += 60.0
    assert await keys.key("a") is not None


async def test_a_withdrawn_key_is_gone_after_the_set_has_aged() -> None:
    issuer, clock = Issuer("a", "b"), Clock()
    keys = PublishedKeys(issuer.fetch, clock=clock)
    await keys.key("a")
    issuer.keys.pop(0)
    clock.now += 301.0

    assert await keys.key("a") is None


def test_keys_of_other_kinds_are_left_alone() -> None:
    own = new_key("a").as_dict(private=False)
    others = [{"kty": "RSA", "kid": "r"}, own | {"kid": "enc", "use": "enc"}, "x", {"kty": "OKP"}]

    assert list(read_key_set({"keys": [own, *others]})) == ["a"]


@pytest.mark.parametrize(
    "published", [{}, {"keys": "x"}, {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "!"}]}]
)
def test_what_is_no_key_set_is_refused(published: dict[str, Any]) -> None:
    with pytest.raises(KeysUnavailable):
        read_key_set(published)

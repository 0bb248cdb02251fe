"""Ed25519 key pairs and the access tokens they sign."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.jwk import OKPKey

from subgraphs.auth.keys.keyring import Keyring
from subgraphs.auth.keys.sealing import seal, unseal

ALGORITHM = "Ed25519"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningPair:
    """A key pair as it is stored: the public half as a JWK, the private half sealed."""

    kid: str
    public_jwk: Mapping[str, str]
    private_sealed: bytes


def new_signing_pair(keyring: Keyring) -> SigningPair:
    """A fresh pair with a random key id."""
    kid = secrets.token_hex(8)
    key = OKPKey.generate_key("Ed25519", {"kid": kid, "alg": ALGORITHM, "use": "sig"})
    private = json.dumps(key.as_dict(private=True)).encode()
    return SigningPair(
        kid=kid,
        public_jwk={name: str(value) for name, value in key.as_dict(private=False).items()},
        private_sealed=seal(private, keyring=keyring, bound_to=kid),
    )


def opened(pair: SigningPair, keyring: Keyring) -> OKPKey:
    """The private key, out of its envelope; raises SealBroken."""
    return OKPKey.import_key(json.loads(unseal(pair.private_sealed, keyring=keyring, bound_to=pair.kid)))


def signed_token(claims: Mapping[str, Any], key: OKPKey) -> str:
    """The claims as a compact JWT, its header naming algorithm and key."""
    header = {"alg": ALGORITHM, "kid": str(key.kid), "typ": "at+jwt"}
    return jwt.encode(header, dict(claims), key, algorithms=[ALGORITHM])

"""`atrium keys`: the secrets of a new installation, as lines for its environment."""

import secrets

from common.access.signing import generate_key, private_key_to_text, public_key_to_text


def print_keys() -> None:
    """Make them and show them, once."""
    router, platform, artefacts = generate_key(), generate_key(), generate_key()
    lines = {
        "ATRIUM_SECRET": secrets.token_urlsafe(48),
        "ATRIUM_ROUTER_KEY": private_key_to_text(router),
        "ATRIUM_ROUTER_PUBLIC_KEYS": public_key_to_text(router.public_key()),
        "ATRIUM_PLATFORM_KEY": private_key_to_text(platform),
        "ATRIUM_PLATFORM_PUBLIC_KEYS": public_key_to_text(platform.public_key()),
        "ATRIUM_ARTEFACT_KEY": private_key_to_text(artefacts),
        "ATRIUM_ARTEFACT_PUBLIC_KEYS": public_key_to_text(artefacts.public_key()),
    }
    print("\n".join(f"{name}={value}" for name, value in lines.items()))

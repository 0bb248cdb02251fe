"""The folder a development installation writes its mails to, as the person who gets them reads it."""

import email
import email.policy
import re
from pathlib import Path

from tests.e2e.running import Platform, until

_TOKEN = re.compile(r"^\s+([A-Za-z0-9_-]{40,})\s*$", re.MULTILINE)


def token_mailed_to(platform: Platform, address: str, subject: str) -> str:
    """The token in the mail with this subject, as soon as it is in the mailbox folder."""
    shown = re.search(r"Mail +(\S+)", platform.banner)
    assert shown is not None
    folder, found = Path(shown[1]), list[str]()

    def has_come() -> bool:
        for path in folder.glob("*.eml"):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if message["To"] == address and subject in message["Subject"]:
                found.extend(_TOKEN.findall(message.get_content()))
        return bool(found)

    until(has_come, what=f"a mail to {address} about {subject!r}")
    return found[0]

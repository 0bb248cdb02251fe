"""Mailers: one suite for the folder and a real SMTP server, and what hostile values do to a message."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator, Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from common.mail import (
    FolderMailer,
    Mail,
    MailEncryption,
    Mailer,
    MailNotConfigured,
    MailSettings,
    SmtpMailer,
    mailer_of,
)

SENDER = "Atrium <atrium@example.com>"
Received = Callable[[], list[EmailMessage]]


class Inbox:
    """Keeps what an SMTP server took."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # their name
        """Take the message."""
        self.messages.append(envelope.content)
        return "250 taken"


@pytest.fixture(params=["folder", "smtp"])
async def post(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Mailer, Received]]:
    """A mailer, and what has arrived through it."""
    if request.param == "folder":
        yield FolderMailer(tmp_path, SENDER), lambda: [parsed(f.read_bytes()) for f in tmp_path.glob("*")]
        return
    inbox = Inbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(inbox, hostname="tests"), "127.0.0.1", 0)
    settings = MailSettings(
        sender=SENDER,
        smtp_host="127.0.0.1",
        smtp_port=server.sockets[0].getsockname()[1],
        smtp_encryption=MailEncryption.NONE,
    )
    yield SmtpMailer(settings), lambda: [parsed(raw) for raw in inbox.messages]
    server.close()
    await server.wait_closed()


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def mail(**more: str) -> Mail:
    given = {
        "id": "invitation-1",
        "to": "ada@example.com",
        "subject": "Grüße",
        "text": "Hello Ada,\n\nwörld.\n",
    }
    return Mail(**{**given, **more})


async def test_a_message_arrives_as_it_was_written(post: tuple[Mailer, Received]) -> None:
    mailer, received = post

    await mailer.send(mail())

    (message,) = received()
    assert message["From"] == SENDER
    assert message["To"] == "ada@example.com"
    assert message["Subject"] == "Grüße"
    assert message["Message-ID"] == "<invitation-1@atrium.invalid>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().replace("\r\n", "\n") == "Hello Ada,\n\nwörld.\n"


@pytest.mark.parametrize(
    "bad",
    [
        {"to": "ada@example.com\nBcc: eve@example.com"},
        {"to": "ada@example.com, eve@example.com"},
        {"subject": "Hello\r\nBcc: eve@example.com"},
    ],
)
async def test_nobody_adds_a_header_or_a_recipient(
    post: tuple[Mailer, Received], bad: dict[str, str]
) -> None:
    mailer, received = post

    with pytest.raises(Exception):  # noqa: B017  # the library's own kinds
        await mailer.send(mail(**bad))

    assert received() == []


async def test_the_folder_keeps_one_file_per_message_that_only_its_owner_reads(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path / "mail", SENDER)

    await mailer.send(mail())
    await mailer.send(mail(text="again"))
    await mailer.send(mail(id="../../outside"))

    files = sorted(path.name for path in (tmp_path / "mail").iterdir())
    assert len(files) == 2
    assert "invitation-1.eml" in files
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "mail").iterdir()} == {0o600}
    assert "again" in (tmp_path / "mail" / "invitation-1.eml").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["mail"]


def test_settings_choose_the_mailer(tmp_path: Path) -> None:
    assert isinstance(mailer_of(MailSettings(folder=tmp_path)), FolderMailer)
    assert isinstance(mailer_of(MailSettings(folder=tmp_path, smtp_host="mail.example.com")), SmtpMailer)
    with pytest.raises(MailNotConfigured):
        mailer_of(MailSettings())

"""Outgoing mail: one message to one person, through SMTP or, in development, into a folder."""

import asyncio
import hashlib
import os
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import aiosmtplib
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import AtriumSettings


class MailEncryption(StrEnum):
    """How the connection to the mail server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class MailSettings(AtriumSettings):
    """Where mail goes: to a server if there is one, else into `folder`."""

    model_config = SettingsConfigDict(
        env_prefix="ATRIUM_MAIL_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    sender: str = Field(default="Atrium <atrium@localhost.localdomain>", description="From whom mail comes.")
    folder: Path | None = Field(
        default=None, description="Mail is written into files here, if there is no server."
    )
    smtp_host: str | None = Field(default=None, description="The mail server.")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    smtp_encryption: MailEncryption = Field(
        default=MailEncryption.STARTTLS, description="How the connection to it is protected."
    )
    smtp_user: str | None = Field(default=None, description="With what name it is asked.")
    smtp_password: SecretStr | None = Field(default=None, description="And with what password.")
    smtp_timeout: float = Field(default=20.0, gt=0, description="Seconds for one exchange with it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message to one address. `id` names it: sent twice under one id, it is the same message."""

    id: str
    to: str
    subject: str
    text: str


class Mailer(Protocol):
    """Hands a message over, or raises."""

    async def send(self, mail: Mail) -> None:
        """Return when somebody else has taken charge of the message."""
        ...


class MailNotConfigured(Exception):
    """There is neither a mail server nor a folder."""


class SmtpMailer:
    """Sends through a mail server; a connection per message."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    async def send(self, mail: Mail) -> None:
        """Return when the server accepted the message; raises what aiosmtplib raises."""
        settings = self._settings
        password = settings.smtp_password
        await aiosmtplib.send(
            _message(mail, settings.sender),
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_user,
            password=password.get_secret_value() if password else None,
            use_tls=settings.smtp_encryption is MailEncryption.TLS,
            start_tls=settings.smtp_encryption is MailEncryption.STARTTLS,
            timeout=settings.smtp_timeout,
        )


class FolderMailer:
    """Writes each message to `<folder>/<id>.eml`, whole or not at all; for development."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """Return when the file is there; only its owner may read it, for it can hold a token."""
        await asyncio.to_thread(self._write, mail)

    def _write(self, mail: Mail) -> None:
        content = _message(mail, self._sender).as_bytes(policy=SMTP)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / f"{_file_name(mail.id)}.eml"
        draft = path.with_suffix(f".{os.getpid()}.part")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        draft.replace(path)


def mailer_of(settings: MailSettings) -> Mailer:
    """The mailer the settings ask for; raises MailNotConfigured."""
    if settings.smtp_host:
        return SmtpMailer(settings)
    if settings.folder:
        return FolderMailer(settings.folder, settings.sender)
    raise MailNotConfigured("Set ATRIUM_MAIL_SMTP_HOST or ATRIUM_MAIL_FOLDER.")


def _message(mail: Mail, sender: str) -> EmailMessage:
    """The message on the wire. An address or subject with a line break cannot add headers: it raises."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = mail.subject
    message["Message-ID"] = f"<{_file_name(mail.id)}@atrium.invalid>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message


def _file_name(id: str) -> str:
    """The id, if it is a harmless name, else a digest of it."""
    harmless = id.replace("-", "").replace("_", "")
    return id if harmless.isascii() and harmless.isalnum() else hashlib.sha256(id.encode()).hexdigest()

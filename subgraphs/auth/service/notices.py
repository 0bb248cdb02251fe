"""Mails that tell people what happened to their account, so that they notice what they did not do."""

from uuid import UUID

from common.mail import Mail
from subgraphs.auth.service.parts import AuthParts


async def warn_of_reuse(parts: AuthParts, *, user_id: UUID, ip_address: str | None, message_id: str) -> None:
    """A refresh token was used twice: the session was ended, its owner should know."""
    place = f" from the address {ip_address}" if ip_address else ""
    await _tell(
        parts,
        user_id,
        message_id,
        subject="A session of your Atrium account was ended",
        text=(
            f"Hello,\n\nsomebody tried to carry on a session of your account with a token{place}"
            " that had been used before. This can mean that it was copied. The session was ended; sign in"
            " again, and change your password if you do not recognise this.\n"
        ),
    )


async def tell_of_new_password(parts: AuthParts, *, user_id: UUID, message_id: str) -> None:
    """The password was set or changed: whoever did not do it should know."""
    await _tell(
        parts,
        user_id,
        message_id,
        subject="Your Atrium account has a new password",
        text=(
            "Hello,\n\nyour account has a new password, and its other sessions were ended. If you did not"
            " choose it, tell your administrator at once.\n"
        ),
    )


async def _tell(parts: AuthParts, user_id: UUID, message_id: str, *, subject: str, text: str) -> None:
    person = await parts.people.person(user_id)
    if person is not None and person.is_active:
        await parts.mailer.send(Mail(id=message_id, to=person.email, subject=subject, text=text))

"""A mailbox that keeps what it is given."""

from dataclasses import dataclass, field

from common.mail import Mail


@dataclass(slots=True)
class FakeMailer:
    """Takes every mail; raises `failure` instead while there is one."""

    sent: list[Mail] = field(default_factory=list)
    failure: Exception | None = None

    async def send(self, mail: Mail) -> None:
        """Keep it."""
        if self.failure is not None:
            raise self.failure
        self.sent.append(mail)

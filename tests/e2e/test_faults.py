"""PostgreSQL and Redis die under load: clear errors meanwhile, nothing lost or done twice, all well after."""

import asyncio
import json
import os
import re
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from atrium.demo_people import ORGANISATIONS, PASSWORD
from tests.e2e.running import Connection, Platform, started, until

pytestmark = pytest.mark.platform

OWNER = ORGANISATIONS[0].people[0].email
# What a client may be told while a store is away; anything else is no clear error.
CLEAR = {
    "DATABASE_UNAVAILABLE",
    "DATABASE_BUSY",
    "CREDENTIALS_UNAVAILABLE",
    "SUBGRAPH_TIMEOUT",
    "REQUEST_TIMEOUT",
}
_INVITE = """mutation ($input: MembershipInviteInput!) {
  membershipInvite(input: $input) { invitation { id } errors { __typename message } }
}"""
_FACTS = """
select (select count(*) from users.invitations)                                             as invitations,
       (select count(*) from users.outbox where published_at is null)                       as waiting,
       (select count(*) from events.log where topic = 'users.invitation.created')           as published,
       (select count(distinct key) from events.log where topic = 'users.invitation.created') as distinct_keys,
       (select count(*) from users.inbox where consumer = 'users.mail_invitation' and failure is null)
                                                                                            as handled
"""


@dataclass(slots=True)
class Load:
    """People who invite other people, without pause, over kept connections."""

    platform: Platform
    token: str
    role_id: str
    ended: threading.Event = field(default_factory=threading.Event)
    invited: list[str] = field(default_factory=list)
    refused: "Counter[str]" = field(default_factory=Counter)
    unclear: list[str] = field(default_factory=list)

    def run(self, name: str) -> None:
        """Until it has ended."""
        connection, number = Connection(self.platform.address), 0
        while not self.ended.is_set():
            number += 1
            email = f"{name}-{number}@load.example"
            try:
                answer = connection.graphql(
                    _INVITE, {"input": {"email": email, "roleId": self.role_id}}, token=self.token
                ).json
            except (OSError, ValueError) as problem:
                self.unclear.append(repr(problem))
                connection.close()
                connection = Connection(self.platform.address)
                continue
            self._note(email, answer)
        connection.close()

    def _note(self, email: str, answer: dict[str, Any]) -> None:
        for error in answer.get("errors", ()):
            code = error.get("extensions", {}).get("code")
            self.refused[code] += 1
            if code not in CLEAR:
                self.unclear.append(json.dumps(error))
        payload = (answer.get("data") or {}).get("membershipInvite")
        if payload and payload["invitation"]:
            self.invited.append(email)
        elif payload:
            self.unclear.append(json.dumps(payload["errors"]))


def test_stores_die_under_load_and_nothing_is_lost_or_done_twice(tmp_path: Path) -> None:
    data = tmp_path / "data"
    environment = {
        "ATRIUM_RELAY_REDELIVER_AFTER": "PT3S",
        "ATRIUM_RELAY_SWEEP": "PT1S",
        "ATRIUM_USERS_INVITATIONS_PER_HOUR": "1000000",
    }
    with started(data, environment=environment) as platform:
        token = platform.sign_in(OWNER, PASSWORD)
        roles = platform.graphql("{ roles(first: 10) { nodes { id key } } }", token=token).data["roles"][
            "nodes"
        ]
        viewer = next(role["id"] for role in roles if role["key"] == "viewer")
        load = Load(platform, token, viewer)
        threads = [threading.Thread(target=load.run, args=(f"t{number}",)) for number in range(3)]
        for thread in threads:
            thread.start()
        try:
            _grows(load, by=20)
            for store, attempt in (("postgres", 1), ("redis", 1), ("postgres", 2), ("redis", 2)):
                _kill(platform, store)
                until(
                    lambda s=store, a=attempt: platform.log.count(f"{s} is ready again") == a,  # type: ignore[misc]
                    what=f"{store}, again",
                )
                _grows(load, by=20)
        finally:
            load.ended.set()
            for thread in threads:
                thread.join()

        assert load.unclear == []
        assert load.refused, "PostgreSQL was never seen to be away"
        facts = _settled(data)
        mails = {path.stem for path in (data / "mail").glob("*.eml")}
        assert facts["invitations"] >= len(load.invited)
        assert facts["published"] == facts["distinct_keys"] == facts["invitations"]
        assert facts["handled"] == facts["invitations"] == len(mails)
        done = re.findall(r"task\.done .*?event_id=(\S+)", (data / "logs" / "worker.log").read_text())
        assert len(set(done)) >= facts["handled"]
        assert max(Counter(done).values(), default=1) == 1
        with platform.connection() as connection:
            assert connection.send("GET", "/readyz").status == 200


def _grows(load: Load, *, by: int) -> None:
    before = len(load.invited)
    until(lambda: len(load.invited) >= before + by, 60, what=f"{by} more invitations")


def _kill(platform: Platform, store: str) -> None:
    servers = [
        pid
        for pid, program in platform.processes().items()
        if os.path.basename(program).startswith(store) and _parent_of(pid) == platform.process.pid
    ]
    assert len(servers) == 1
    os.kill(servers[0], signal.SIGKILL)


def _parent_of(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _settled(data: Path) -> dict[str, int]:
    """The facts once the relay has published everything and the worker has handled it."""
    url = json.loads((data / "stores.json").read_text())["database"]
    limit = time.monotonic() + 60
    while True:
        facts = asyncio.run(_facts(url))
        if facts["waiting"] == 0 and facts["handled"] == facts["invitations"]:
            return facts
        assert time.monotonic() < limit, facts
        time.sleep(0.2)


async def _facts(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(url)
    try:
        return dict(await connection.fetchrow(_FACTS))
    finally:
        await connection.close()

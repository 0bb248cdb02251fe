"""Somebody is invited, joins, chooses a password, works, and is shut out again: mails and all."""

import email
import email.policy
import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from atrium.demo_people import ORGANISATIONS, PASSWORD
from tests.e2e.running import Connection, Platform, until

pytestmark = pytest.mark.platform

OWNER = ORGANISATIONS[0].people[0].email
NEW_PASSWORD = "a password of her own"
COOKIE = "__Host-atrium-refresh"


def mail_to(platform: Platform, address: str, subject: str) -> str:
    """The text of a mail, as soon as it is in the mailbox folder that the banner names."""
    folder = re.search(r"^ *Mail +(\S+)", platform.banner, re.MULTILINE)
    assert folder is not None
    found: list[str] = []

    def has_come() -> bool:
        for path in Path(folder[1]).expanduser().glob("*.eml"):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if address in str(mail["To"]) and subject in str(mail["Subject"]):
                body = mail.get_body()
                assert body is not None
                found.append(body.get_content())
                return True
        return False

    until(has_come, 30, what=f"the mail {subject!r} to {address}")
    return found[0]


def change(
    connection: Connection, mutation: str, input: Mapping[str, Any], token: str | None = None
) -> dict[str, Any]:
    """The payload of a mutation that found nothing wrong."""
    name = mutation.partition(" ")[0]
    type_name = f"{name[0].upper()}{name[1:]}Input"
    fields = mutation.partition(" ")[2]
    document = f"mutation ($input: {type_name}!) {{ {name}(input: $input) {{ {fields} errors {{ code }} }} }}"
    payload: dict[str, Any] = connection.graphql(document, {"input": input}, token=token).data[name]
    assert payload["errors"] == []
    return payload


def sign_in(connection: Connection, address: str, password: str) -> tuple[dict[str, Any], str | None]:
    """The result, and the cookie that a browser would keep."""
    document = """mutation ($input: SignInInput!) {
      signIn(input: $input) {
        __typename ... on SignedIn { accessToken refreshToken organization { id } }
      }
    }"""
    answer = connection.graphql(document, {"input": {"email": address, "password": password}})
    cookie = answer.headers.get("set-cookie")
    result: dict[str, Any] = answer.data["signIn"]
    return result, cookie.partition(";")[0] if cookie else None


def test_the_road_of_a_newcomer(platform: Platform) -> None:
    address = f"grace.{time.time_ns()}@example.com"
    owner = platform.sign_in(OWNER, PASSWORD)
    with platform.connection() as connection:
        roles = connection.graphql("{ roles { nodes { id key } } }", token=owner).data["roles"]["nodes"]
        developer = next(role["id"] for role in roles if role["key"] == "developer")
        change(
            connection,
            "membershipInvite invitation { id }",
            {"email": address, "roleId": developer},
            owner,
        )
        invitation = token_in(mail_to(platform, address, "invitation"))
        joined = change(
            connection, "invitationAccept userId organizationId", {"token": invitation, "name": "Grace"}
        )
        link = token_in(mail_to(platform, address, "Choose your Atrium password"))
        assert sign_in(connection, address, NEW_PASSWORD)[0] == {"__typename": "SignInRejected"}
        change(connection, "passwordSet user { id }", {"token": link, "password": NEW_PASSWORD})

        signed_in, cookie = sign_in(connection, address, NEW_PASSWORD)

        assert signed_in["__typename"] == "SignedIn"
        assert signed_in["refreshToken"] is None
        assert cookie is not None
        assert cookie.startswith(f"{COOKIE}=")
        assert signed_in["organization"]["id"] == joined["organizationId"]
        viewer = "{ viewer { name sessions(first: 5) { nodes { isCurrent userAgent } } } }"
        token = signed_in["accessToken"]
        seen = connection.graphql(viewer, token=token).data["viewer"]
        assert seen["name"] == "Grace"
        assert [node["isCurrent"] for node in seen["sessions"]["nodes"]] == [True]
        assert "new password" in mail_to(platform, address, "new password")

        refreshed = _refresh(connection, cookie)
        assert refreshed["data"]["tokenRefresh"]["signedIn"]["accessToken"]

        change(connection, "userSuspend user { id }", {"id": joined["userId"]}, owner)
        until(
            lambda: connection.graphql(viewer, token=token).status == 401, 30, what="the end of the session"
        )
        assert sign_in(connection, address, NEW_PASSWORD)[0] == {"__typename": "SignInRejected"}
        gone = _refresh(connection, cookie)
        assert gone["errors"][0]["extensions"]["code"] == "REFRESH_TOKEN_REJECTED"


def _refresh(connection: Connection, cookie: str) -> dict[str, Any]:
    body = json.dumps({"query": "mutation { tokenRefresh { signedIn { accessToken refreshToken } } }"})
    headers = {"content-type": "application/json", "accept": "application/json", "cookie": f"a=b; {cookie}"}
    answer: dict[str, Any] = connection.send("POST", "/graphql", body, headers).json
    return answer


def token_in(mail: str) -> str:
    """The longest word of a mail is its token."""
    words: list[str] = re.findall(r"[\w.-]+", mail)
    return max(words, key=len)

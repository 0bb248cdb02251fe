"""From an invitation to the first sign-in and out again: users, auth, relay, worker and mailbox together."""

import time
from typing import Any

import pytest

from atrium.demo_people import ORGANISATIONS, PASSWORD
from tests.e2e.mailbox import token_mailed_to
from tests.e2e.running import Platform, until

pytestmark = pytest.mark.platform

OWNER = ORGANISATIONS[0].people[0].email
NEW_PASSWORD = "seven dry stones by the river"


def change(
    platform: Platform, field: str, selection: str, caller: str | None, /, **input: Any
) -> dict[str, Any]:
    """The payload of a mutation with one input."""
    mutation = f"mutation ($input: {field[0].upper()}{field[1:]}Input!)"
    document = f"{mutation} {{ {field}(input: $input) {{ {selection} errors {{ code }} }} }}"
    payload: dict[str, Any] = platform.graphql(document, {"input": input}, token=caller).data[field]
    return payload


def test_an_invited_person_comes_in_and_a_suspended_one_goes_out(platform: Platform) -> None:
    address = f"grace.{time.monotonic_ns()}@example.com"
    owner = platform.sign_in(OWNER, PASSWORD)
    roles = platform.graphql("{ roles { nodes { id key } } }", token=owner).data["roles"]["nodes"]
    developer = next(role["id"] for role in roles if role["key"] == "developer")

    invited = change(
        platform, "membershipInvite", "invitation { status }", owner, email=address, roleId=developer
    )
    twice = change(
        platform, "membershipInvite", "invitation { status }", owner, email=address, roleId=developer
    )
    token = token_mailed_to(platform, address, "invitation")
    joined = change(platform, "invitationAccept", "userId isNewPerson", None, token=token, name="Grace")
    again = platform.graphql(
        'mutation ($token: String!) { invitationAccept(input: {token: $token, name: "Eve"}) { userId } }',
        {"token": token},
    )
    one_time = token_mailed_to(platform, address, "password")
    set_ = change(platform, "passwordSet", "__typename", None, token=one_time, password=NEW_PASSWORD)
    signed_in = platform.sign_in(address, NEW_PASSWORD)
    viewer = platform.graphql("{ viewer { name memberships { role { key } } } }", token=signed_in).data[
        "viewer"
    ]

    assert invited == {"invitation": {"status": "PENDING"}, "errors": []}
    assert twice["errors"] == [{"code": "INVITATION_ALREADY_PENDING"}]
    assert (joined["isNewPerson"], joined["errors"]) == (True, [])
    assert again.json["errors"][0]["extensions"]["code"] == "SIGN_IN_REQUIRED"
    assert set_["errors"] == []
    assert viewer == {"name": "Grace", "memberships": [{"role": {"key": "developer"}}]}

    used = change(platform, "invitationAccept", "userId", signed_in, token=token)
    suspended = change(platform, "userSuspend", "user { status }", owner, id=joined["userId"])

    assert used["errors"] == [{"code": "INVITATION_ALREADY_USED"}]
    assert suspended["user"] == {"status": "SUSPENDED"}
    until(
        lambda: platform.graphql("{ viewer { id } }", token=signed_in).status == 401,
        seconds=5,
        what="the end of a suspended person's session",
    )

"""Anything with an id is found by it alone, by those who may see it."""

import pytest

from atrium.demo_people import ORGANISATIONS, PASSWORD
from tests.e2e.running import Platform

pytestmark = pytest.mark.platform

NODES = """query ($ids: [ID!]!) {
  nodes(ids: $ids) {
    __typename id
    ... on User { name }
    ... on Application { name }
  }
}"""


def test_people_and_applications_are_found_by_their_ids(platform: Platform) -> None:
    mine, other = (
        platform.sign_in(organisation.people[0].email, PASSWORD) for organisation in ORGANISATIONS[:2]
    )
    with platform.connection() as connection:
        known = connection.graphql("{ applications(first: 2) { nodes { id name } } }", token=mine)
        applications = known.data["applications"]["nodes"]
        ids = [applications[1]["id"], "nonsense", applications[0]["id"]]

        seen = connection.graphql(NODES, {"ids": ids}, token=mine)
        by_others = connection.graphql(NODES, {"ids": ids}, token=other)
        by_nobody = connection.graphql(NODES, {"ids": ids})

    assert seen.data["nodes"] == [
        {"__typename": "Application", **applications[1]},
        None,
        {"__typename": "Application", **applications[0]},
    ]
    assert by_others.data["nodes"] == [None, None, None]
    assert by_nobody.json["data"] is None or by_nobody.json["data"]["nodes"] == [None, None, None]

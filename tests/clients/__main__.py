"""A profile of a running platform for tools that check protocols: python -m tests.clients URL."""

import json
import sys

from atrium.demo_people import ORGANISATIONS, PASSWORD
from tests.clients.conformance import profile
from tests.e2e.running import Connection

SIGN_IN = """mutation ($input: SignInInput!) {
  signIn(input: $input) { __typename ... on SignedIn { accessToken } }
}"""


def main(url: str) -> None:
    """Sign in as the first person of the demo, print the profile with who that is."""
    connection = Connection(url)
    login = {"email": ORGANISATIONS[0].people[0].email, "password": PASSWORD}
    token = connection.graphql(SIGN_IN, {"input": login}).data["signIn"]["accessToken"]
    user = connection.graphql("{ viewer { id } }", token=token).data["viewer"]["id"]
    connection.close()
    print(json.dumps(profile("platform", user=user, token=token), indent=2))


if __name__ == "__main__":
    main(sys.argv[1])

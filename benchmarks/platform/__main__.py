"""The whole platform as a person starts it: `python -m benchmarks.platform [--requests N] [--rounds N]`."""

import argparse
import json
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from atrium.demo_people import ORGANISATIONS, PASSWORD
from benchmarks.load import Job
from benchmarks.processes import ATRIUM, free_port, running, wait_for
from benchmarks.report import Figures, measure, publish

SIGN_IN = """mutation ($email: String!, $password: String!) {
    signIn(input: { email: $email, password: $password }) { __typename ... on SignedIn { accessToken } }
}"""
VIEWER = "{ viewer { id name } }"
LIST = """query ($first: Int!) {
    organization {
        name
        applications(first: $first) {
            nodes { name slug createdBy { name } environments { key } apiKeys(first: 5) { nodes { prefix } } }
        }
    }
}"""


def main() -> None:
    """Start, sign in, load, report."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=600)
    options.add_argument("--rounds", type=int, default=3)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        figures = run(Path(name), arguments.requests, arguments.rounds)
    publish(
        "platform",
        "The whole platform",
        "make bench-platform",
        figures,
        [
            "CPU of every process of `atrium up`: router and subgraphs, PostgreSQL, Redis, relay, worker.",
            "Signing in is argon2id on purpose (47 MiB, one pass): it is meant to cost that much.",
            "The list crosses users, applications and auth: organisation, applications, people, API keys.",
        ],
    )


def run(folder: Path, requests: int, rounds: int) -> dict[str, Figures]:
    """The figures of every workload."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    up = [ATRIUM, "up", "--port", str(port), "--data", str(folder / "data")]
    # Everybody signs in as the same demo person here, so the guard against guessing has to stand back.
    patience = {"ATRIUM_AUTH_THROTTLE_PER_ACCOUNT": "1000000", "ATRIUM_AUTH_THROTTLE_PER_NETWORK": "1000000"}
    with running(up, folder / "up.log", patience) as session:
        wait_for(f"{base}/readyz", session, folder / "up.log", seconds=180)
        credentials = {"email": ORGANISATIONS[0].people[0].email, "password": PASSWORD}
        token = ask(base, SIGN_IN, credentials)["signIn"]["accessToken"]
        bearer = {"authorization": f"Bearer {token}"}

        def job(query: str, variables: dict[str, Any], count: int, headers: dict[str, str]) -> Job:
            body = json.dumps({"query": query, "variables": variables})
            return Job(port=port, path="/graphql", bodies=[body], requests=count, headers=headers)

        return {
            "viewer (1 subgraph)": measure(session, job(VIEWER, {}, requests, bearer), rounds),
            "list (3 subgraphs)": measure(session, job(LIST, {"first": 20}, requests, bearer), rounds),
            "sign in": measure(session, job(SIGN_IN, credentials, max(requests // 10, 10), {}), rounds),
        }


def ask(base: str, query: str, variables: dict[str, Any]) -> Any:
    """`data` of one answer."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"{base}/graphql", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["data"]


if __name__ == "__main__":
    main()

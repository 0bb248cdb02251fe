"""Every connection of the platform says how long it gets, so that costs can be estimated."""

import re

from schema.store import ARTEFACTS

SAID = (
    '@listSize(assumedSize: 50, slicingArguments: ["first"], sizedFields: ["edges", "nodes"], '
    "requireOneSlicingArgument: false)"
)


def test_every_connection_says_its_size() -> None:
    text = (ARTEFACTS / "supergraph.graphql").read_text()
    connections = re.findall(r"^.*: \w+Connection!?(?: .*)?$", text, re.MULTILINE)

    assert len(connections) > 10
    assert [line for line in connections if SAID not in line] == []

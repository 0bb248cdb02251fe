"""The lane answers without the stages: whatever a request may meet there has to be thought of here too."""

from dataclasses import fields

import pytest

from router.pipeline.router import Router
from router.pipeline.stages import Stages
from router.pipeline.values import Planned, Received, Validated
from router.wire.exchange import Incoming

ROUTER = {
    "beside": "makes plans, which are known by then",
    "caches": "what the stages found is kept by the lane itself; clients are the same",
    "clients": "the same",
    "costs": "priced, refused ones go through the stages; counted and told",
    "counts": "counted",
    "desk": "registered documents by id or hash; strict safelists send texts through the stages",
    "door": "known callers; all others go through the stages",
    "finish": "counted; public answers are those of GET",
    "grant_policies": "guarded operations go through the stages",
    "labels": "supergraphs with labels go through the stages",
    "lane": "it is this",
    "planners": "make plans",
    "protection": "counted where that can be done at once, else through the stages",
    "readers": "check documents",
    "settings": "limits of size and time, masking, compression",
    "sharing": "shared with each other and with those in the stages",
    "snapshots": "another one empties the lane",
    "stages": "project and respond, for answers that are not as expected",
    "subscriptions": "go through the stages",
}
STAGES = {
    "receive": "Way and Lane.board",
    "parse": "known by its text",
    "validate": "known; its own coercer, costs",
    "authorise": "no refusal, nothing guarded",
    "plan": "known",
    "execute": "Running",
    "project": "its program, or the stage itself",
    "respond": "the same head, or the stage itself",
}
RECEIVED = {
    "request": "read by the same function",
    "context": "the same",
    "caller": "known, or not on the lane",
    "refusal": "not on the lane",
    "snapshot": "the one in use",
    "mode": "JSON or GraphQL's; all others are not on the lane",
    "record": "explained requests are not on the lane",
    "registered": "the same",
    "takes_parts": "not on the lane",
}
VALIDATED = {
    "operation": "the same",
    "fingerprint": "of no more use",
    "selections": "the weight in memory",
    "variables": "the request's own",
    "cost": "the request's own",
    "pricing": "the same",
    "guarded": "not on the lane",
    "coerce": "the same",
}
PLANNED = {
    "plan": "the same",
    "shape": "the same",
    "selections": "the weight in memory",
    "programs": "the same; without one not on the lane",
    "parts": "not on the lane",
    "withheld": "never where there are programs",
    "serial": "what is shared is told apart by it",
}
INCOMING = {
    "method": "POST",
    "headers": "the same, but for the length",
    "request_id": "the client's own or a new one",
    "query_string": "of no meaning for POST",
    "body": "read by the same function",
    "payload": "of batches and uploads, which are not on the lane",
    "client_address": "the same",
    "standings": "told in the same headers",
}


@pytest.mark.parametrize(
    ("part", "thought_of"),
    [
        (Router, ROUTER),
        (Stages, STAGES),
        (Received, RECEIVED),
        (Validated, VALIDATED),
        (Planned, PLANNED),
        (Incoming, INCOMING),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_the_lane_was_thought_of(part: type, thought_of: dict[str, str]) -> None:
    assert {each.name for each in fields(part)} == set(thought_of)  # else: see decision 35

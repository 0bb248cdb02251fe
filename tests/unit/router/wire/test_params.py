"""Every body that is no GraphQL request is refused with what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import BadRequest, UnsupportedMediaType
from router.wire.params import from_body, from_payload, from_query_string
from router.wire.request import GraphQLRequest, Transport

JSON = "application/json"


def test_a_whole_body_is_read() -> None:
    body = b'{"query":"{a}","operationName":"A","variables":{"x":1},"extensions":{"y":2},"id":"left alone"}'

    request = from_body("application/json; charset=UTF-8", body)

    assert request == GraphQLRequest(
        query="{a}", operation_name="A", variables={"x": 1}, extensions={"y": 2}, transport=Transport.POST
    )


def test_null_members_count_as_absent() -> None:
    request = from_body(JSON, b'{"query":"{a}","operationName":null,"variables":null,"extensions":null}')

    assert request == GraphQLRequest(query="{a}")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "empty"),
        (b"{", "not JSON"),
        (b'{"query":"{a}"} x', "not JSON"),
        (b'{"query":"\xff"}', "not JSON"),
        (b'\xef\xbb\xbf{"query":"{a}"}', "not JSON"),
        (b'{"query":"{a}","variables":{"x":NaN}}', "not JSON"),
        (b'{"query":"{a}","variables":{"x":"\\ud800"}}', "not JSON"),
        (b'{"query":"{a}","variables":{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}}", "not JSON"),
        (b"null", "not null"),
        (b"42", "not a number"),
        (b"true", "not a boolean"),
        (b'"{a}"', "not a string"),
        (b'[{"query":"{a}"}]', "Batches are not accepted"),
        (b"{}", "no 'query'"),
        (b'{"query":null}', "no 'query'"),
        (b'{"query":""}', "'query' is empty"),
        (b'{"query":" \\n"}', "'query' is empty"),
        (b'{"query":["{a}"]}', "'query' must be a string, not a list"),
        (b'{"query":"{a}","operationName":1}', "'operationName' must be a string, not a number"),
        (b'{"query":"{a}","variables":"{}"}', "'variables' must be an object, not a string"),
        (b'{"query":"{a}","variables":[]}', "'variables' must be an object, not a list"),
        (b'{"query":"{a}","extensions":true}', "'extensions' must be an object, not a boolean"),
    ],
)
def test_a_malformed_body_is_refused_with_what_is_wrong(body: bytes, sentence: str) -> None:
    with pytest.raises(BadRequest) as refused:
        from_body(JSON, body)

    assert sentence in refused.value.message
    assert refused.value.code == "BAD_REQUEST"


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        ";;;",
        "text/plain",
        "text/plain; x=application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "application/graphql",
        "application/jsonx",
        "application/json; charset=utf-16",
    ],
)
def test_only_json_in_utf8_is_read(content_type: str | None) -> None:
    with pytest.raises(UnsupportedMediaType):
        from_body(content_type, b'{"query":"{a}"}')


def test_a_query_string_is_read() -> None:
    request = from_query_string(b"query=%7Ba%7D&operationName=A&variables=%7B%22x%22%3A1%7D&extensions=")

    assert request == GraphQLRequest(
        query="{a}", operation_name="A", variables={"x": 1}, transport=Transport.GET
    )


@pytest.mark.parametrize(
    ("query_string", "sentence"),
    [
        (b"", "no 'query'"),
        (b"query=", "'query' is empty"),
        (b"query={a}&query={b}", "'query' is given twice"),
        (b"query={a}&variables=x", "'variables' is not JSON"),
        (b"query={a}&variables=[1]", "'variables' must be an object"),
        (b"query=%FF", "not readable"),
        (b"&".join(b"a%d=1" % n for n in range(100)), "not readable"),
    ],
)
def test_a_malformed_query_string_is_refused(query_string: bytes, sentence: str) -> None:
    with pytest.raises(BadRequest) as refused:
        from_query_string(query_string)

    assert sentence in refused.value.message


def test_a_payload_that_is_no_object_is_refused() -> None:
    with pytest.raises(BadRequest, match="not null"):
        from_payload(None, Transport.SOCKET)


HASH = "ab" * 32


def by_hash(hash: object = HASH, version: object = 1) -> dict[str, object]:
    return {"extensions": {"persistedQuery": {"version": version, "sha256Hash": hash}}}


@pytest.mark.parametrize("name", ["documentId", "doc_id", "id"])
def test_a_document_may_be_named_by_its_id(name: str) -> None:
    request = from_payload({name: "sha256:1f", "query": None, "variables": {"x": 1}}, Transport.POST)

    assert (request.query, request.document_id, request.sha256) == ("", "sha256:1f", None)
    assert request.variables == {"x": 1}


def test_a_document_may_be_named_by_its_hash_with_or_without_its_text() -> None:
    alone = from_payload(by_hash(), Transport.POST)
    both = from_payload({**by_hash(), "query": "{a}"}, Transport.POST)

    assert (alone.query, alone.document_id, alone.sha256) == ("", None, HASH)
    assert (both.query, both.document_id, both.sha256) == ("{a}", None, HASH)


def test_ids_come_by_get_too() -> None:
    request = from_query_string(b"documentId=sha256%3A1f&variables=%7B%22x%22%3A1%7D")

    assert (request.document_id, request.variables, request.transport) == (
        "sha256:1f",
        {"x": 1},
        Transport.GET,
    )


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ({"documentId": 42}, "'documentId' must be a string, not a number"),
        ({"documentId": ["a"]}, "'documentId' must be a string, not a list"),
        ({"documentId": ""}, "1 to 128"),
        ({"documentId": "a" * 129}, "1 to 128"),
        ({"doc_id": {}}, "'doc_id' must be a string, not an object"),
        ({"documentId": "a", "query": "{a}"}, "'documentId' or a 'query'"),
        ({"documentId": "a", **by_hash()}, "no 'persistedQuery' beside an id"),
        (by_hash(42), "sha256Hash' must be a string, not a number"),
        (by_hash(None), "sha256Hash' must be a string, not null"),
        (by_hash("a" * 5_000), "1 to 128"),
        (by_hash(version=2), "version' must be 1"),
        ({"extensions": {"persistedQuery": True}}, "must be an object, not a boolean"),
    ],
)
def test_a_malformed_id_is_refused_with_what_is_wrong(payload: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadRequest) as refused:
        from_payload(payload, Transport.POST)

    assert sentence in refused.value.message


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(HASH),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PERSISTED = st.fixed_dictionaries(
    {}, optional={"version": JSON_VALUES | st.just(1), "sha256Hash": JSON_VALUES}
)
MEMBERS = {
    **dict.fromkeys(("query", "documentId", "doc_id", "id", "operationName", "variables"), JSON_VALUES),
    "extensions": JSON_VALUES | st.fixed_dictionaries({"persistedQuery": JSON_VALUES | PERSISTED}),
}


@given(st.fixed_dictionaries({}, optional=MEMBERS))
def test_whatever_comes_is_refused_or_names_one_document(payload: dict[str, object]) -> None:
    try:
        request = from_payload(payload, Transport.POST)
    except BadRequest:
        return

    assert bool(request.query) or (request.document_id is None) != (request.sha256 is None)
    assert not (request.query and request.document_id)
    for id in (request.document_id, request.sha256):
        assert id is None or 0 < len(id) <= 128

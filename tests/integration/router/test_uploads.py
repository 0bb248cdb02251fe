"""Files that come with operations, by the GraphQL multipart request specification."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient

from common.access.principal import ANONYMOUS
from router.app import build_app
from router.settings import RouterSettings, UploadSettings
from router.snapshot.load import TextSource
from tests.fakes.attic import SOMEBODY, SUPERGRAPH, Attic, attic

KEEP = "mutation($file: Upload!) { keep(file: $file) { name type size sha256 text } }"
KEEP_ALL = "mutation($input: Box!) { keepAll(input: $input) { name size } }"
MEANT = {"apollo-require-preflight": "true"}
ONE = {"0": ["variables.file"]}
HELLO = ("0", "hello.txt", "text/plain", b"hello")
Part = tuple[str, str | None, str | None, bytes]


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Attic]:
    """At most three files, 1000 bytes each, 1500 together."""
    limits: dict[str, Any] = {"max_files": 3, "max_file_bytes": 1_000, "max_bytes": 1_500, "max_places": 4}
    async with attic(tmp_path / "kept", **limits) as found:
        yield found


def form(*parts: Part, end: bytes = b"--x--\r\n") -> bytes:
    """A multipart form with these fields: name, file name, type, content."""
    written = b""
    for name, filename, kind, content in parts:
        shown = "" if filename is None else f'; filename="{filename}"'
        head = f'--x\r\ncontent-disposition: form-data; name="{name}"{shown}\r\n'
        head += "" if kind is None else f"content-type: {kind}\r\n"
        written += head.encode() + b"\r\n" + content + b"\r\n"
    return written + end


def asked(operations: Any, places: Any, *files: Part) -> bytes:
    """The form of an operation with files."""
    fields = (("operations", operations), ("map", places))
    written: list[Part] = [
        (name, None, None, value if isinstance(value, bytes) else json.dumps(value).encode())
        for name, value in fields
    ]
    return form(*written, *files)


def keep(*files: Part, places: Any = ONE, variables: Any = None) -> bytes:
    return asked({"query": KEEP, "variables": variables or {"file": None}}, places, *files)


async def post(shelf: Attic, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    said = {"content-type": "multipart/form-data; boundary=x", **(MEANT if headers is None else headers)}
    response = await shelf.http.post("/graphql", content=body, headers=said)
    return response.status_code, response.json()


async def test_a_file_comes_to_its_subgraph(shelf: Attic) -> None:
    status, answer = await post(shelf, keep(HELLO))

    assert (status, answer) == (
        200,
        {
            "data": {
                "keep": {
                    "name": "hello.txt",
                    "type": "text/plain",
                    "size": 5,
                    "sha256": hashlib.sha256(b"hello").hexdigest(),
                    "text": "hello",
                }
            }
        },
    )
    assert [path.read_bytes() for path in shelf.files] == [b"hello"]


async def test_files_stand_in_lists_and_at_more_than_one_place(shelf: Attic) -> None:
    operations = {"query": KEEP_ALL, "variables": {"input": {"files": [None, None, None], "note": "n"}}}
    places = {"a": ["variables.input.files.0", "variables.input.files.2"], "b": ["variables.input.files.1"]}
    body = asked(operations, places, ("b", "b", None, b"22"), ("a", "a", None, b"1"))

    _, answer = await post(shelf, body)

    first, second = {"name": "a", "size": 1}, {"name": "b", "size": 2}
    assert answer == {"data": {"keepAll": [first, second, first]}}
    assert len(shelf.files) == 2


async def test_batches_have_files_too(shelf: Attic) -> None:
    one = {"query": KEEP, "variables": {"file": None}}
    places = {"0": ["0.variables.file"], "1": ["1.variables.file"]}
    body = asked([one, one], places, HELLO, ("1", "b.txt", None, b"b"))

    _, answer = await post(shelf, body)

    assert [each["data"]["keep"]["name"] for each in answer] == ["hello.txt", "b.txt"]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\\\temp\\\\a.txt", "a.txt"),
        ("a\x01b<c>.txt", "abc.txt"),
        ("..", "file"),
        ("", "file"),
        ("e\u0301.txt", "\xe9.txt"),
        ("x" * 300, "x" * 255),
        ("\u202etxt.exe", "txt.exe"),
    ],
)
async def test_names_are_harmless(shelf: Attic, given: str, name: str) -> None:
    _, answer = await post(shelf, keep(("0", given, "no type at all", b"")))

    assert answer["data"]["keep"]["name"] == name
    assert answer["data"]["keep"]["type"] == "application/octet-stream"
    assert answer["data"]["keep"]["size"] == 0


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "cut off"),
        (b"nonsense", "malformed"),
        (form(HELLO), 'begins with the fields "operations" and "map"'),
        (form(("map", None, None, b"{}"), ("operations", None, None, b"{}")), 'begins with the fields'),
        (asked(b"{", ONE), '"operations" of the multipart form is not JSON'),
        (asked(3, ONE), '"operations" has to be an operation'),
        (asked([3], ONE), '"operations" has to be an operation'),
        (asked({"query": KEEP}, b"{"), '"map" of the multipart form is not JSON'),
        (asked({"query": KEEP}, []), '"map" has to be an object'),
        (keep(HELLO, places={"0": "variables.file"}), 'no list of places for the file "0"'),
        (keep(HELLO, places={"0": []}), 'no list of places for the file "0"'),
        (keep(HELLO, places={"0": [3]}), 'no list of places for the file "0"'),
        (keep(HELLO, places={"0": ["variables.nope"]}), "is no variable of the operation"),
        (keep(HELLO, places={"0": ["variables.file.x.y"]}), "is no variable of the operation"),
        (keep(HELLO, places={"0": ["query"]}), "is no variable of the operation"),
        (keep(HELLO, places={"0": ["variables.file"], "1": ["variables.file"]}), "two files for one place"),
        (keep(HELLO, places={"0": [".".join("a" * 60)]}), "nested too deeply"),
        (keep(HELLO, variables={"file": "taken"}), "null has to stand"),
        (keep(HELLO, places={str(n): [f"variables.{n}"] for n in range(4)}), "4 files; the limit is 3"),
        (keep(HELLO, places={"0": [f"variables.{n}" for n in range(5)]}), "5 places; the limit is 4"),
        (keep(), 'The file "0" of the field "map" is missing'),
        (keep(HELLO, HELLO), 'a field "0" that the field "map" does not name'),
        (keep(("z", "z", None, b"")), 'a field "z" that the field "map" does not name'),
        (keep(("0", None, None, b"text")), 'a field "0" that the field "map" does not name'),
        (keep(HELLO)[:-30], "cut off"),
        (keep(HELLO)[:-9], "cut off"),
        (form(("operations", None, None, b"{}"), end=b""), "cut off"),
    ],
)  # fmt: skip
async def test_forms_that_are_wrong_are_refused_and_leave_nothing(
    shelf: Attic, body: bytes, sentence: str
) -> None:
    status, answer = await post(shelf, body)

    assert status == 400
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert sentence in error["message"]
    assert shelf.files == []
    assert shelf.seen == []


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([b"x" * 1_001], "A file is larger than the limit of 1000 bytes."),
        ([b"x" * 900, b"x" * 900], "All files together are larger than the limit of 1500 bytes."),
    ],
)
async def test_what_is_too_large_is_refused_and_not_kept(
    shelf: Attic, files: list[bytes], sentence: str
) -> None:
    operations = {"query": KEEP_ALL, "variables": {"input": {"files": [None] * len(files)}}}
    places = {str(n): [f"variables.input.files.{n}"] for n in range(len(files))}
    parts: list[Part] = [(str(n), "f", None, content) for n, content in enumerate(files)]

    status, answer = await post(shelf, asked(operations, places, *parts))

    assert status == 413
    assert answer["errors"][0]["message"] == sentence
    assert shelf.files == []


async def test_pages_of_strangers_upload_nothing(shelf: Attic) -> None:
    status, answer = await post(shelf, keep(HELLO), headers={})

    assert (status, answer["errors"][0]["extensions"]["code"]) == (400, "CSRF_PREVENTED")
    assert shelf.files == []


async def test_nobody_uploads_nothing(shelf: Attic) -> None:
    shelf.principal = ANONYMOUS

    status, answer = await post(shelf, keep(HELLO))

    assert (status, answer["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    shelf.principal = SOMEBODY


@pytest.mark.parametrize("accept", ["application/graphql-response+json", "application/json"])
async def test_files_of_operations_that_are_refused_are_dropped(shelf: Attic, accept: str) -> None:
    body = asked({"query": "{ nonsense }", "variables": {"file": None}}, ONE, HELLO)

    status, answer = await post(shelf, body, {**MEANT, "accept": accept})

    assert status == (400 if "graphql" in accept else 200)
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert shelf.files == []


async def test_json_goes_on_as_before(shelf: Attic) -> None:
    response = await shelf.http.post("/graphql", json={"query": "{ __typename }"})

    assert response.json() == {"data": {"__typename": "Query"}}


async def test_old_files_are_dropped_and_new_ones_stay(shelf: Attic) -> None:
    await post(shelf, keep(HELLO))
    now = datetime.now(UTC)

    assert await shelf.store.drop_expired(now) == 0
    assert len(shelf.files) == 1
    assert await shelf.store.drop_expired(now + timedelta(hours=3)) == 1
    assert shelf.files == []


async def test_a_client_that_leaves_takes_its_files_along(shelf: Attic) -> None:
    body = keep(HELLO, places={"0": ["variables.file"]})
    chunks = [body[:-60], body[-60:-10]]

    async def receive() -> dict[str, Any]:
        if chunks:
            return {"type": "http.request", "body": chunks.pop(0), "more_body": True}
        return {"type": "http.disconnect"}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"multipart/form-data; boundary=x"), (b"apollo-require-preflight", b"1")]
    scope = {
        "type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers,
        "client": ("127.0.0.1", 1),
    }  # fmt: skip
    await shelf.app(scope, receive, send)

    assert sent == []
    assert shelf.files == []


async def test_a_form_that_comes_too_slowly_is_refused(tmp_path: Path) -> None:
    async with attic(tmp_path / "kept", time=0.01) as shelf:
        headers = {"content-type": "multipart/form-data; boundary=x", **MEANT}
        received = False

        async def receive() -> dict[str, Any]:
            nonlocal received
            if received:
                await asyncio.Event().wait()
            received = True
            return {"type": "http.request", "body": keep(HELLO)[:50], "more_body": True}

        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {
            "type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": pairs,
            "client": ("127.0.0.1", 1),
        }  # fmt: skip
        await asyncio.wait_for(shelf.app(scope, receive, send), 60)

        assert sent[0]["status"] == 408


async def test_one_byte_at_a_time(shelf: Attic) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        for byte in keep(HELLO):
            yield bytes([byte])

    headers = {"content-type": 'multipart/form-data; boundary="x"', **MEANT}
    response = await shelf.http.post("/graphql", content=slowly(), headers=headers)

    assert response.json()["data"]["keep"]["text"] == "hello"


async def test_a_store_that_is_gone_is_no_fault_of_the_client(
    shelf: Attic, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "kept").rename(tmp_path / "gone")
    (tmp_path / "kept").write_text("a file where the folder was")

    status, answer = await post(shelf, keep(HELLO))

    assert (status, answer["errors"][0]["extensions"]["code"]) == (503, "UPLOADS_UNAVAILABLE")
    assert str(tmp_path) not in json.dumps(answer)


async def test_a_router_without_a_store_takes_no_files() -> None:
    app = build_app(RouterSettings(), TextSource(SUPERGRAPH))
    await app.start()
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://router") as http:
        headers = {"content-type": "multipart/form-data; boundary=x", **MEANT}
        response = await http.post("/graphql", content=keep(HELLO), headers=headers)
        assert response.status_code == 415
    await app.stop()


def test_a_router_without_a_key_refuses_to_begin(tmp_path: Path) -> None:
    settings = RouterSettings(uploads=UploadSettings(store=f"file://{tmp_path}"))

    with pytest.raises(ValueError, match="no key to sign for them"):
        build_app(settings, TextSource(SUPERGRAPH))

"""As much of S3's HTTP as an object store client needs to put, get, list and delete."""

from collections.abc import Callable
from urllib.parse import unquote
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class FakeObjectStore:
    """`objects` by bucket and key; `asked` are the methods that came."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.asked: list[str] = []
        self.is_failing = False

    def app(self) -> Starlette:
        """Served at paths such as /bucket/key."""
        return Starlette(
            routes=[Route("/{path:path}", self._answer, methods=["GET", "PUT", "POST", "DELETE"])]
        )

    async def _answer(self, request: Request) -> Response:
        body, path, query = await request.body(), unquote(request.path_params["path"]), request.query_params
        self.asked.append(f"{request.method} {'?' if query else ''}{','.join(sorted(query))}")
        if self.is_failing:
            return Response(status_code=403)
        answers: dict[str, Callable[[str, Request, bytes], Response]] = {
            "PUT": self._put,
            "GET": self._get,
            "POST": self._post,
            "DELETE": self._delete,
        }
        return answers[request.method](path, request, body)

    def _put(self, path: str, request: Request, body: bytes) -> Response:
        number = request.query_params.get("partNumber")
        if number is None:
            self.objects[path] = body
        else:
            self.parts[request.query_params["uploadId"]][int(number)] = body
        return Response(headers={"etag": '"e"'})

    def _post(self, path: str, request: Request, body: bytes) -> Response:
        if "uploads" in request.query_params:
            id = f"u{len(self.parts)}"
            self.parts[id] = {}
            return _xml("InitiateMultipartUploadResult", f"<UploadId>{id}</UploadId>")
        if "delete" in request.query_params:
            text = body.decode()
            keys = [each.partition("</Key>")[0] for each in text.split("<Key>")[1:]]
            for key in keys:
                self.objects.pop(f"{path.strip('/')}/{key}", None)
            return _xml("DeleteResult", "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys))
        parts = self.parts.pop(request.query_params["uploadId"])
        self.objects[path] = b"".join(parts[number] for number in sorted(parts))
        return _xml("CompleteMultipartUploadResult", '<ETag>"e"</ETag>')

    def _get(self, path: str, request: Request, body: bytes) -> Response:
        if "list-type" in request.query_params:
            bucket, prefix = path.strip("/"), request.query_params.get("prefix", "")
            found = {
                key.removeprefix(f"{bucket}/"): len(content)
                for key, content in self.objects.items()
                if key.startswith(f"{bucket}/{prefix}")
            }
            contents = "".join(
                f"<Contents><Key>{escape(key)}</Key><Size>{size}</Size><ETag>e</ETag>"
                "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
                for key, size in found.items()
            )
            return _xml("ListBucketResult", f"<IsTruncated>false</IsTruncated>{contents}")
        if path not in self.objects:
            return Response(status_code=404)
        headers = {"etag": '"e"', "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
        return Response(self.objects[path], headers=headers)

    def _delete(self, path: str, request: Request, body: bytes) -> Response:
        if id := request.query_params.get("uploadId"):
            self.parts.pop(id, None)
        else:
            self.objects.pop(path, None)
        return Response(status_code=204)


def _xml(name: str, inner: str) -> Response:
    return Response(f"<{name}>{inner}</{name}>", media_type="application/xml")

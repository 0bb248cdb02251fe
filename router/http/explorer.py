"""GraphiQL, served from the package: built by `make setup`, no request to any other origin."""

from pathlib import Path

from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from router.http.security import COMMON, PAGE

ASSETS_PATH = "/explorer-assets"
FOLDER = Path(__file__).parent / "static" / "explorer"
NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Explorer</title>
<h1>The explorer is not built</h1>
<p>Run <code>make setup</code> once, then open this page again. The graph answers POST requests here.</p>
</html>"""


class Explorer:
    """The page and its scripts."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    def page(self, request_id: str) -> Response:
        """The page that a browser gets at the address of the graph."""
        headers = PAGE | {"cache-control": "no-cache", "x-request-id": request_id, "vary": "accept"}
        index = self._folder / "index.html"
        if not index.is_file():
            return HTMLResponse(NOT_BUILT, status_code=503, headers=headers)
        return FileResponse(index, media_type="text/html", headers=headers)

    def assets(self) -> StaticFiles:
        """Scripts, styles and fonts; their names change with their content."""
        return _Assets(directory=self._folder, check_dir=False)


class _Assets(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(COMMON)
        if response.status_code == 200 and path.startswith("assets/"):
            response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response

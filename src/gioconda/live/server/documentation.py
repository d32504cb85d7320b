"""The API's description, and a page of it that loads nothing from elsewhere."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fastapi import Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse, HTMLResponse

from gioconda import __version__

if TYPE_CHECKING:
    from fastapi import FastAPI

TITLE: Final = "Gioconda live"
DESCRIPTION: Final = """
One portrait and a voice become a talking face. Upload a portrait, begin a session, and say, send or
stream what it is to speak; or have a video rendered as a job.

Sessions with the lowest latency run over the WebSocket `/v1/live`, whose messages are described in
`docs/live-messages.md`, or over WebRTC.

Errors are always `{"error": {"code", "message"}}`. Beyond the server's own machine every request
needs its token as `Authorization: Bearer`, or the cookie of `POST /v1/login`; never in an address.
Uploads are kept in memory and forgotten a minute after their session or job. What is seen and heard
is made, not filmed.
"""
TAGS: Final = (
    ("server", "What this server is and has."),
    ("portraits", "Pictures of whom is to speak."),
    ("sessions", "Live faces."),
    ("jobs", "Videos rendered as files."),
    ("verify", "What can be known of a file."),
)
#: The package that carries the files of Swagger UI, and those that are used of it.
_CARRIER: Final = "fastapi_offline"
_FILES: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}
#: Scripts are files: the page's policy lets none run that stands in it.
_START: Final = """\
SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#api", deepLinking: true, docExpansion: "list",
  validatorUrl: null, presets: [SwaggerUIBundle.presets.apis], layout: "BaseLayout",
});
"""
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gioconda live: API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="/docs/favicon.png">
</head>
<body>
<main id="api"></main>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_PLAIN: Final = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Gioconda live: API</title></head>
<body>
<p>The API is described in <a href="/openapi.json">/openapi.json</a>. To read it here, install the
package <code>fastapi-offline</code>.</p>
</body>
</html>
"""


def add_to(app: FastAPI) -> None:
    """Describe an application, and serve the description."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
    folder = _folder()

    @app.get("/docs", include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse(_PLAIN if folder is None else _PAGE)

    if folder is None:
        return

    @app.get("/docs/start.js", include_in_schema=False)
    async def start() -> Response:
        return Response(_START, media_type="text/javascript")

    def serve(path: Path, media_type: str) -> None:
        @app.get(f"/docs/{path.name}", include_in_schema=False)
        async def file() -> FileResponse:
            return FileResponse(path, media_type=media_type)

    for name, media_type in _FILES.items():
        serve(folder / name, media_type)


def _folder() -> Path | None:
    found = find_spec(_CARRIER)
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "static"
    return folder if all((folder / name).is_file() for name in _FILES) else None


def _described(app: FastAPI) -> dict[str, Any]:
    tags = [{"name": name, "description": words} for name, words in TAGS]
    schema = get_openapi(
        title=TITLE, version=__version__, description=DESCRIPTION.strip(), routes=app.routes,
        tags=tags, license_info={"name": "Apache 2.0", "identifier": "Apache-2.0"},
    )  # fmt: skip
    schemes = schema.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["token"] = {
        "type": "http", "scheme": "bearer",
        "description": "shown where the server was started; not needed on its own machine",
    }  # fmt: skip
    for methods in schema["paths"].values():
        for operation in methods.values():
            # The first sentence says more than a function's name.
            words = operation.get("description", "").partition("\n")[0].strip()
            operation["summary"] = words.removesuffix(".") or operation["summary"]
    schema["security"] = [{"token": []}, {}]
    return schema

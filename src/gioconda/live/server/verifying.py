"""The route that tells what can be known of a file; nothing of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Query, Request

from gioconda.live.server import answers as a
from gioconda.live.server.problems import Problem
from gioconda.live.server.uploads import file_body, uploaded
from gioconda.trust.verify.finding import Finding

if TYPE_CHECKING:
    from gioconda.live.server.app import Server

_WORDS: Final = "a picture, a video or a sound, from anywhere"


def routes(server: Server) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/v1/verify", tags=["verify"], responses=a.errors(401, 422, 429))

    @router.post(
        "",
        responses=a.errors(413, 415, 503),
        openapi_extra=file_body("file", "application/octet-stream", _WORDS),
    )
    async def verify(
        request: Request,
        quick: Annotated[
            bool, Query(description="look for the watermark in whole frames alone")
        ] = False,
    ) -> Finding:
        """Tell what can be known of a file: credentials, watermark, this installation's log.

        The file is looked at in the sandbox and kept nowhere. No evidence means just that: marks
        can be removed, and other programs set none.
        """
        data = await uploaded(request, server.limits.sound_bytes)
        found = await server.checks(data, quick=quick)
        if found.verdict.code == "unreadable":
            known = found.file.kind != "unknown"
            status, code = (422, "unreadable") if known else (415, "bad_format")
            raise Problem(status, code, found.verdict.sentence)
        return found

    return router

"""Routes of portraits: upload, look at, delete."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from gioconda.live.host.face import make_picture
from gioconda.live.server.problems import Problem

if TYPE_CHECKING:
    from gioconda.live.server.app import Server
    from gioconda.live.server.state import HeldPortrait

#: Largest picture that is taken, in bytes.
PICTURE_BYTES: Final = 20 * 2**20


def routes(server: Server) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/v1/portraits", tags=["portraits"])

    @router.post("", status_code=201)
    async def upload(request: Request) -> dict[str, Any]:
        """Upload a picture, as multipart field ``file`` or as the body itself."""
        data = await uploaded(request, PICTURE_BYTES)
        pixels = await asyncio.to_thread(server.decode_image, data)
        return told(await server.portraits.add(pixels))

    @router.get("")
    async def all_portraits() -> list[dict[str, Any]]:
        """List the portraits that are held."""
        return [told(p) for p in server.portraits.all()]

    @router.get("/{key}")
    async def one(key: str) -> dict[str, Any]:
        """Tell what was found in a portrait; ``example`` is always there."""
        return told(await server.portraits.get(key))

    @router.delete("/{key}", status_code=204)
    async def delete(key: str) -> None:
        """Forget a portrait."""
        await server.portraits.delete(key)

    @router.get("/{key}/picture.jpg", response_class=Response)
    async def picture(key: str) -> Response:
        """Return the square as it is animated."""
        return Response(await _picture(server, key, "square"), media_type="image/jpeg")

    @router.get("/{key}/sheet.png", response_class=Response)
    async def sheet(key: str) -> Response:
        """Return the sheet of expressions."""
        return Response(await _picture(server, key, "sheet"), media_type="image/png")

    return router


async def uploaded(request: Request, most: int) -> bytes:
    """Return the uploaded file: the field ``file`` of a form, or the body.

    Raises:
        Problem: it is too large, empty, or the form has no such field.
    """
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form(max_files=1, max_fields=8) as form:
            part = form.get("file")
            if not isinstance(part, UploadFile):
                raise Problem(422, "bad_request", "the form has no file in its field 'file'")
            data = await part.read(most + 1)
    else:
        data = bytearray()  # type: ignore[assignment]
        async for chunk in request.stream():
            data += chunk
            if len(data) > most:
                break
        data = bytes(data)
    if len(data) > most:
        raise Problem(413, "too_large", f"the file is larger than {most // 2**20} MB")
    if not data:
        raise Problem(422, "bad_request", "the file is empty")
    return data


def told(held: HeldPortrait) -> dict[str, Any]:
    """Return what the API says of a portrait."""
    base = f"/v1/portraits/{held.id}"
    links = {"picture": f"{base}/picture.jpg", "sheet": f"{base}/sheet.png"}
    return {"id": held.id, **held.found, **links}


async def _picture(server: Server, key: str, what: str) -> bytes:
    held = await server.portraits.get(key)
    if what not in held.pictures:
        held.pictures[what] = await make_picture(server.pool, held.command(), what)
    return held.pictures[what]

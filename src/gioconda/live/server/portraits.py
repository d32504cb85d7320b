"""Routes of portraits: upload, look at, delete."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Request, Response

from gioconda.live.host.face import make_sheet, make_square
from gioconda.live.server import answers as a
from gioconda.live.server.uploads import file_body, uploaded

if TYPE_CHECKING:
    from gioconda.live.server.app import Server
    from gioconda.live.server.state import HeldPortrait

Key = Annotated[str, Path(description="id of the portrait, or `example`", max_length=64)]


def routes(server: Server) -> APIRouter:
    """Return the routes."""
    router = APIRouter(
        prefix="/v1/portraits", tags=["portraits"], responses=a.errors(401, 422, 429)
    )

    @router.post(
        "", status_code=201, responses=a.errors(413, 415, 503),
        openapi_extra=file_body("picture", "image/*", "a PNG, JPEG or WebP picture"),
    )  # fmt: skip
    async def upload(request: Request, response: Response) -> a.PortraitAnswer:
        """Upload a picture, and see what is found in it.

        It is held in memory, and forgotten a minute after the last session or job that showed it,
        or after it came if none did.
        """
        began = time.perf_counter()
        data = await uploaded(request, server.limits.image_bytes)
        came = time.perf_counter()
        pixels = await server.decode_image(data)
        decoded = time.perf_counter()
        held = await server.portraits.add(pixels)
        spent = (came - began, decoded - came, time.perf_counter() - decoded)
        response.headers["Server-Timing"] = ", ".join(
            f"{name};dur={1000 * s:.1f}"
            for name, s in zip(("upload", "decode", "face"), spent, strict=True)
        )
        response.headers["Location"] = f"/v1/portraits/{held.id}"
        return told(held)

    @router.get("")
    async def all_portraits() -> list[a.PortraitAnswer]:
        """List the portraits that are held."""
        return [told(p) for p in server.portraits.all()]

    @router.get("/{key}", responses=a.errors(404))
    async def one(key: Key) -> a.PortraitAnswer:
        """Tell what was found in a portrait; `example` is always there."""
        return told(await server.portraits.get(key))

    @router.delete("/{key}", status_code=204, responses=a.errors(404, 409))
    async def delete(key: Key) -> None:
        """Forget a portrait."""
        await server.portraits.delete(key)

    @router.get(
        "/{key}/picture.jpg",
        response_class=Response,
        responses=a.errors(404) | a.file("image/jpeg"),
    )
    async def picture(key: Key) -> Response:
        """Return the square that is animated: the picture's own pixels, nothing made."""
        return Response(await _picture(server, key, "square"), media_type="image/jpeg")

    @router.get(
        "/{key}/sheet.png",
        response_class=Response,
        responses=a.errors(404) | a.file("image/png", synthetic=True),
    )
    async def sheet(key: Key) -> Response:
        """Return the sheet of expressions."""
        data = await _picture(server, key, "sheet")
        return Response(data, media_type="image/png", headers=a.SYNTHETIC)

    return router


def told(held: HeldPortrait) -> a.PortraitAnswer:
    """Return what the API says of a portrait."""
    base = f"/v1/portraits/{held.id}"
    return a.PortraitAnswer(
        id=held.id, picture=f"{base}/picture.jpg", sheet=f"{base}/sheet.png", **held.found
    )


async def _picture(server: Server, key: str, what: str) -> bytes:
    held = await server.portraits.get(key)
    if what not in held.pictures:
        load = held.command()
        held.pictures[what] = await (
            make_square(server.pool, load) if what == "square"
            else make_sheet(server.pool, load, None)
        )  # fmt: skip
    return held.pictures[what]

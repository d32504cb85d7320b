"""Routes of portraits: upload, look at, delete."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from gioconda.live.host.face import make_sheet, make_square
from gioconda.live.server import answers as a
from gioconda.live.server.consents import ConsentFields, statement_in
from gioconda.live.server.uploads import file_body, is_form, uploaded_with_fields
from gioconda.trust.consent.requirement import check
from gioconda.trust.consent.shipped import pixels_of, shipped_of

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
        "", status_code=201, responses=a.errors(403, 413, 415, 503), openapi_extra=_body(),
    )  # fmt: skip
    async def upload(request: Request, response: Response) -> a.PortraitAnswer:
        """Upload a picture, say on what basis it may be animated, and see what is found in it.

        The basis goes into the form's fields, or into the address where the picture is the body.
        Nobody checks it, and anyone can lie; but it is kept in the ledger of the server's machine,
        and refused there once it was revoked or has expired: 403 `consent`.

        The picture is held in memory, and forgotten a minute after the last session or job that
        showed it, or after it came if none did.
        """
        began = time.perf_counter()
        data, fields = await uploaded_with_fields(request, server.limits.image_bytes)
        form = is_form(request)
        statement = server.consents.given(
            statement_in(fields if form else request.query_params, address=not form)
        )
        came = time.perf_counter()
        pixels = await server.decode_image(data)
        decoded = time.perf_counter()
        held = await server.portraits.add(pixels, statement)
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

    @router.post("/{key}/revoke", status_code=204, responses=a.errors(403, 404, 409))
    async def revoke(key: Key, wanted: a.RevokeRequest | None = None) -> None:
        """Take back the consent to animate a portrait, for good.

        Its sessions and jobs end, and it is refused from now on, under any basis and however it is
        sent; only the user of the server's machine can state it anew.
        """
        await server.revoke(key, wanted.reason if wanted else "")

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


def _body() -> dict[str, Any]:
    """Return the documentation of an upload: a form with its basis, or a body and an address."""
    properties = ConsentFields.model_json_schema()["properties"]
    extra = file_body("picture", "image/*", "a PNG, JPEG or WebP picture", properties)
    form = extra["requestBody"]["content"]["multipart/form-data"]["schema"]
    form["required"] = ["file", "basis"]
    extra["parameters"] = [
        {"name": name, "in": "query", "required": False, "schema": schema,
         "description": "where the picture is the body itself"}
        for name, schema in properties.items() if name not in ("of", "guardian")
    ]  # fmt: skip
    return extra


def told(held: HeldPortrait) -> a.PortraitAnswer:
    """Return what the API says of a portrait."""
    base = f"/v1/portraits/{held.id}"
    own = pixels_of(held.grant.reference)
    shipped = None if own is None else shipped_of(own)
    return a.PortraitAnswer(
        about=None if shipped is None else shipped.text,
        basis=held.grant.basis,
        consent=held.grant.reference,
        expires=held.grant.expires,
        id=held.id,
        picture=f"{base}/picture.jpg",
        sheet=f"{base}/sheet.png",
        **held.found,
    )


async def _picture(server: Server, key: str, what: str) -> bytes:
    held = await server.portraits.get(key)
    if what == "sheet":  # on which the face moves
        check(held.grant)
    if what not in held.pictures:
        load = held.command()
        held.pictures[what] = await (
            make_square(server.pool, load) if what == "square"
            else make_sheet(server.pool, load, held.grant)
        )  # fmt: skip
    return held.pictures[what]

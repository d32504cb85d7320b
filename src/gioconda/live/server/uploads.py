"""Files that clients send: as a field of a form, or as the body itself."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile

from gioconda.live.server.problems import Problem


async def uploaded(request: Request, most: int) -> bytes:
    """Return the uploaded file: the field ``file`` of a form, or the body.

    Args:
        request: whose body has not been read.
        most: bytes that are taken.

    Raises:
        Problem: it is too large, empty, or the form has no such field.
    """
    return (await uploaded_with_fields(request, most))[0]


async def uploaded_with_fields(request: Request, most: int) -> tuple[bytes, dict[str, str]]:
    """Return the uploaded file, and the other fields of its form: none of a plain body.

    Args:
        request: whose body has not been read.
        most: bytes that are taken.

    Raises:
        Problem: it is too large, empty, or the form has no file.
    """
    if is_form(request):
        async with request.form(max_files=1, max_fields=16) as form:
            part = form.get("file")
            if not isinstance(part, UploadFile):
                raise Problem(422, "bad_request", "the form has no file in its field 'file'")
            fields = {k: v for k, v in form.items() if isinstance(v, str)}
            return await content_of(part, most), fields
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > most:
            raise _too_large(most)
    if not data:
        raise Problem(422, "bad_request", "the file is empty")
    return bytes(data), {}


def is_form(request: Request) -> bool:
    """Whether the body is a form with files."""
    return request.headers.get("content-type", "").startswith("multipart/form-data")


async def content_of(part: UploadFile, most: int) -> bytes:
    """Return a form's file.

    Raises:
        Problem: it is too large or empty.
    """
    data = await part.read(most + 1)
    if len(data) > most:
        raise _too_large(most)
    if not data:
        raise Problem(422, "bad_request", "the file is empty")
    return data


def file_body(
    name: str, media_type: str, description: str, fields: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the documentation of a body that :func:`uploaded` reads, for ``openapi_extra=``.

    Args:
        name: of the thing, for the title.
        media_type: of the file as the body itself.
        description: of the file.
        fields: schemas of the form's other fields.
    """
    binary = {"type": "string", "format": "binary", "description": description}
    form = {
        "type": "object", "title": f"A {name} as a form", "required": ["file"],
        "properties": {"file": binary, **(fields or {})},
    }  # fmt: skip
    content = {"multipart/form-data": {"schema": form}, media_type: {"schema": binary}}
    return {"requestBody": {"required": True, "content": content}}


def _too_large(most: int) -> Problem:
    return Problem(413, "too_large", f"the file is larger than {most // 2**20} MB")

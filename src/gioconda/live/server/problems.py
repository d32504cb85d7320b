"""Errors as the API tells them: ``{"error": {"code", "message"}}``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from gioconda.errors import (
    ConsentError,
    GiocondaError,
    ImageFormatError,
    OptionError,
    OutputError,
    PortraitError,
    SandboxError,
    SoundError,
    TranscriptError,
    TrustError,
    VoiceError,
)
from gioconda.live.host.face import RefusedError
from gioconda.live.host.pool import BusyError
from gioconda.live.told import UNREADY, day_in, told

if TYPE_CHECKING:
    from fastapi import FastAPI

#: Seconds after which a client that was told 503 may try again.
RETRY_S: Final = 5


class Problem(Exception):
    """An answer other than success.

    Args:
        status: of HTTP.
        code: for programs.
        message: one sentence for people.
        retry_after_s: when to try again, where that helps.
        reason: which refusal of its code it is; empty where there is one only.
        param: name of the field that it is about; empty if none.
        day: that it names, as 2026-05-01; empty if none.
    """

    def __init__(
        self, status: int, code: str, message: str, retry_after_s: int | None = None, *,
        reason: str = "", param: str = "", day: str = "",
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.retry_after_s = retry_after_s
        self.more = {
            name: value
            for name, value in (("reason", reason), ("param", param), ("day", day)) if value
        }  # fmt: skip


def problem_of(error: Problem | GiocondaError) -> Problem:
    """Return what to answer where the package refused something; a problem is its own answer."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, BusyError):
        return Problem(503, "busy", str(error), RETRY_S)
    if isinstance(error, RefusedError):
        status = {"internal": 500, "consent": 403, UNREADY: 503}.get(error.code, 422)
        return Problem(status, error.code, str(error))
    if isinstance(error, ConsentError):
        status, day = 422 if error.code == "not_stated" else 403, day_in(error)
        return Problem(status, "consent", told(error), reason=error.code, day=day)
    if isinstance(error, SandboxError):
        return Problem(503, "busy", str(error), RETRY_S)
    if isinstance(error, ImageFormatError):
        return Problem(415, "bad_format", str(error))
    for kind, code in (
        (PortraitError, "bad_portrait"), (OptionError, "bad_option"), (SoundError, "bad_audio"),
        (VoiceError, "voice"), (TranscriptError, "bad_text"),
    ):  # fmt: skip
        if isinstance(error, kind):
            return Problem(422, code, str(error))
    if isinstance(error, TrustError):
        return Problem(503, UNREADY, told(error))
    if isinstance(error, OutputError):
        return Problem(503, "busy", "the server cannot keep any more files now", RETRY_S)
    return Problem(422, "refused", str(error))


def answer(problem: Problem) -> JSONResponse:
    """Return a problem as a response."""
    headers = {"Retry-After": str(problem.retry_after_s)} if problem.retry_after_s else None
    body = {"error": {"code": problem.code, "message": problem.message, **problem.more}}
    return JSONResponse(body, problem.status, headers)


def add_to(app: FastAPI) -> None:
    """Let an application answer every error in one form."""

    async def answered(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Problem)
        return answer(error)

    async def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, GiocondaError)
        return answer(problem_of(error))

    async def plain(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        response = answer(Problem(error.status_code, "http", str(error.detail)))
        response.headers.update(error.headers or {})  # such as Allow, with 405
        return response

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        return answer(Problem(422, "bad_request", f"{place or 'the request'}: {first['msg']}"))

    app.add_exception_handler(Problem, answered)
    app.add_exception_handler(GiocondaError, refused)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(RequestValidationError, invalid)

"""Routes of jobs: videos rendered as files, beside the live sessions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import numpy as np
import numpy.typing as npt
from fastapi import APIRouter, Header, Path, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import FormData, UploadFile

from gioconda.controls import Controls
from gioconda.live.host.commands import EXAMPLE
from gioconda.live.messages import TEXT_CHARACTERS, Dials
from gioconda.live.server import answers as a
from gioconda.live.server.consents import FIELDS, ConsentFields, statement_in
from gioconda.live.server.control import checked_background, turned
from gioconda.live.server.job_process import RenderTask
from gioconda.live.server.problems import Problem
from gioconda.live.server.sessions import check_speakable
from gioconda.live.server.uploads import content_of
from gioconda.live.types import pcm16
from gioconda.trust.consent.requirement import check
from gioconda.trust.label import label_language_or_english

if TYPE_CHECKING:
    from gioconda.live.server.app import Server
    from gioconda.live.server.job_queue import Job
    from gioconda.live.server.state import HeldPortrait

#: Animated pictures are large; longer ones are refused.
GIF_S: Final = 30.0
#: The same of a text, of which some fifteen characters are said in a second.
GIF_CHARACTERS: Final = 450
#: Something is sent to whoever follows a job at least this often.
BEAT_S: Final = 10.0
_TYPES: Final = {"mp4": "video/mp4", "webm": "video/webm", "gif": "image/gif"}
_EXAMPLE: Final[dict[str, Any]] = {"controls": {"emotion": "happy"}, "size": 512, "format": "mp4"}
_RUNNING: Final[dict[str, Any]] = {
    "id": "BfvbG2qwGJwKqJ7JsuchiwWF9kYxfniI", "portrait": "example", "format": "mp4",
    "state": "running", "progress": 0.31, "ahead": 0, "seconds_left": 4.2, "error": None,
    "file": None, "kept_s": None,
}  # fmt: skip

Format = Literal["mp4", "webm", "gif"]
Key = Annotated[str, Path(description="id of the job", max_length=64)]


class RenderOptions(a.Taken):
    """How a video is to be; every field may be left out."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    controls: Dials | None = None
    seed: int = Field(0, ge=0, lt=2**63, description="the same seed gives the same performance")
    fps: float = Field(40.0, ge=24, le=60)
    size: a.Size = Field(512, description="side of the square, in pixels")
    format: Format = Field("mp4", description=f"a gif has no sound and up to {GIF_S:g} s")
    background: a.Background = "keep"
    label: bool = Field(False, description='whether the word "Synthetic" stands in a corner')
    language: str = Field("en", max_length=16, description="of the label")


class JobAnswer(BaseModel):
    """A job: where it stands."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RUNNING]})

    id: str
    portrait: str
    format: Format
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: float = Field(ge=0, le=1)
    ahead: int = Field(description="jobs that wait before it")
    seconds_left: float | None = Field(
        None, description="an estimate of what it still takes; null before there is one"
    )
    error: str | None = Field(None, description="one sentence where it failed")
    file: str | None = Field(None, description="where the video is, once it is done")
    kept_s: float | None = Field(None, description="seconds until it is deleted, once it is over")
    synthetic: Annotated[
        Literal[True], Field(description="what is seen and heard is made; the file is marked so")
    ] = True


def routes(server: Server) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/v1/jobs", tags=["jobs"], responses=a.errors(401, 422, 429))
    jobs = server.jobs

    @router.post(
        "", status_code=202, responses=a.errors(403, 404, 413, 415, 422, 503), openapi_extra=_body()
    )
    async def submit(request: Request, response: Response) -> JobAnswer:
        """Have a video made of a portrait and a sound, or of a text."""
        jobs.check_place()
        async with request.form(max_files=2, max_fields=16) as form:
            task, portrait, ended = await _task(server, form)
        try:
            job = jobs.submit(task, portrait.id, ended)
        except BaseException:
            ended()
            raise
        response.headers["Location"] = f"/v1/jobs/{job.id}"
        return told(server, job)

    @router.get("")
    async def all_jobs() -> list[JobAnswer]:
        """List the jobs, oldest first."""
        return [told(server, job) for job in jobs.all()]

    @router.get("/{key}", responses=a.errors(404))
    async def one(key: Key) -> JobAnswer:
        """Tell where a job stands."""
        return told(server, jobs.get(key))

    @router.get(
        "/{key}/events", response_class=StreamingResponse,
        responses=a.errors(404) | _event_answer(),
    )  # fmt: skip
    async def events(
        key: Key,
        last_event_id: Annotated[
            int | None, Header(ge=0, description="of the last event that was seen")
        ] = None,
    ) -> Response:
        """Follow a job by server-sent events.

        Events are called as the job's states and hold what `GET /v1/jobs/{key}` answers. The
        stream ends with `done`, `failed` or `cancelled`; where the client has seen that already,
        the answer is 204, at which an `EventSource` does not come again.
        """
        job = jobs.get(key)
        after = last_event_id or 0
        if job.over and after >= job.revision:
            return Response(status_code=204)
        return StreamingResponse(
            _events(server, job, after), media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )  # fmt: skip

    @router.get(
        "/{key}/file", response_class=FileResponse,
        responses=a.errors(404, 409) | a.file("video/*", synthetic=True),
    )  # fmt: skip
    async def file(key: Key) -> FileResponse:
        """Return the video; parts of it by `Range`."""
        job = jobs.get(key)
        if job.state != "done":
            why = job.error or "it is not done yet"
            raise Problem(409, "not_done", f"there is no file of this job: {why}")
        kind = job.path.suffix[1:]
        return FileResponse(
            job.path, media_type=_TYPES[kind], filename=f"gioconda.{kind}", headers=a.SYNTHETIC
        )

    @router.delete("/{key}", status_code=204, responses=a.errors(404))
    async def delete(key: Key) -> None:
        """Cancel a job at once, and delete what there is of it."""
        await jobs.delete(key)

    return router


def told(server: Server, job: Job) -> JobAnswer:
    """Return what the API says of a job."""
    left_s = job.left_s(server.clock())
    return JobAnswer(
        id=job.id, portrait=job.portrait, format=job.path.suffix[1:],  # type: ignore[arg-type]
        state=job.state, progress=round(job.progress, 4), ahead=server.jobs.ahead(job),
        seconds_left=None if left_s is None else round(left_s, 1), error=job.error,
        file=f"/v1/jobs/{job.id}/file" if job.state == "done" else None,
        kept_s=server.jobs.kept_s(job),
    )  # fmt: skip


async def _events(server: Server, job: Job, after: int) -> AsyncIterator[str]:
    async for changed in server.jobs.follow(job, after, BEAT_S):
        if not changed:
            yield ": still there\n\n"
            continue
        data = told(server, job).model_dump_json()
        yield f"id: {job.revision}\nevent: {job.state}\ndata: {data}\n\n"


async def _task(server: Server, form: FormData) -> tuple[RenderTask, HeldPortrait, Any]:
    """Return what a form asks for, checked, its portrait, which is in use, and how to leave it."""
    unknown = form.keys() - {"portrait", "sound", "text", "voice", "options", *FIELDS}
    if unknown:
        raise Problem(
            422, "bad_request",
            "a job has portrait and its basis, sound, text, voice and options",
        )  # fmt: skip
    options = _options(form)
    controls = turned(Controls(seed=options.seed), options.controls)
    background = checked_background(options.background) or "keep"
    samples, rate_hz, text, voice = await _speech(server, form)
    too_long = len(text) > GIF_CHARACTERS or (
        samples is not None and len(samples) > GIF_S * rate_hz
    )
    if options.format == "gif" and too_long:
        raise Problem(422, "bad_option", f"a gif has up to {GIF_S:g} s; ask for mp4 or webm")
    portrait = await _portrait(server, form)
    check(portrait.grant)
    server.portraits.use(portrait)

    def ended() -> None:
        server.portraits.leave(portrait)

    task = RenderTask(
        FilePath(f"video.{options.format}"), portrait.pixels, samples, rate_hz, text, voice,
        controls, options.fps, options.size, background, grant=portrait.grant,
        label=label_language_or_english(options.language) if options.label else "",
    )  # fmt: skip
    return task, portrait, ended


def _options(form: FormData) -> RenderOptions:
    text = _field(form, "options") or "{}"
    try:
        return RenderOptions.model_validate_json(text)
    except ValidationError as e:
        first = e.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in ("options", *first["loc"]))
        raise Problem(422, "bad_option", f"{place}: {first['msg']}") from None


async def _speech(
    server: Server, form: FormData
) -> tuple[npt.NDArray[np.int16] | None, int, str, str | None]:
    """Return samples and their rate, or a text and its voice."""
    text, voice, sound = _field(form, "text"), _field(form, "voice"), form.get("sound")
    if (sound is None) == (text is None):
        raise Problem(422, "bad_request", "a job needs a sound or a text, one of them")
    if text is not None:
        if len(text) > TEXT_CHARACTERS:
            raise Problem(422, "too_large", f"a text has up to {TEXT_CHARACTERS} characters")
        await asyncio.to_thread(check_speakable, text, voice)
        return None, 0, text, voice
    if not isinstance(sound, UploadFile):
        raise Problem(422, "bad_request", "the sound must be sent as a file")
    data = await content_of(sound, server.limits.sound_bytes)
    samples, rate_hz = await server.decode_sound(data)
    # It may have to wait; 16 bits take half the memory.
    return await asyncio.to_thread(pcm16, samples), rate_hz, "", None


async def _portrait(server: Server, form: FormData) -> HeldPortrait:
    sent = form.get("portrait", EXAMPLE)
    if not isinstance(sent, UploadFile):
        return await server.portraits.get(sent)
    data = await content_of(sent, server.limits.image_bytes)
    fields = {name: _field(form, name) for name in FIELDS}
    statement = server.consents.given(statement_in(fields))
    return await server.portraits.add(await server.decode_image(data), statement)


def _field(form: FormData, name: str) -> str | None:
    value = form.get(name)
    if isinstance(value, UploadFile):
        raise Problem(422, "bad_request", f"{name} must be sent as text, not as a file")
    return value


def _body() -> dict[str, Any]:
    """Return the documentation of a job's form."""
    binary = {"type": "string", "format": "binary"}
    # The options are told as the JSON that they are, with everything in one place.
    options = RenderOptions.model_json_schema(ref_template="#/components/schemas/{model}")
    options.pop("$defs", None)
    properties = {
        "portrait": {
            "description": "id of a portrait, or a picture file; the example if none",
            "anyOf": [{"type": "string", "maxLength": 64}, binary],
        },
        "sound": binary | {"description": "a sound, or a video with sound"},
        "text": {"type": "string", "maxLength": TEXT_CHARACTERS,
                 "description": "to be spoken, where there is no sound"},
        "voice": {"type": "string", "description": "of the text; see `GET /v1/voices`"},
        "options": options,
        **ConsentFields.model_json_schema()["properties"],
    }  # fmt: skip
    form = {
        "schema": {"type": "object", "title": "Job", "properties": properties},
        "encoding": {"options": {"contentType": "application/json"}},
        "example": {"portrait": EXAMPLE, "text": "Good morning.", "options": json.dumps(_EXAMPLE)},
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": form}}}


def _event_answer() -> dict[int | str, dict[str, Any]]:
    example = 'id: 7\nevent: running\ndata: {"state": "running", "progress": 0.31, ...}\n\n'
    schema = {"type": "string", "examples": [example]}
    return {
        200: {"description": "Events", "content": {"text/event-stream": {"schema": schema}}},
        204: {"description": "The end has been seen already"},
    }

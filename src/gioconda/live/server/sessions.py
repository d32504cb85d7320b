"""Routes of sessions: for clients without a socket, and to look at those that have one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
import numpy.typing as npt
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from gioconda.controls import Controls
from gioconda.live.host import commands as c
from gioconda.live.messages import Dials
from gioconda.live.packets import Kind, Packet
from gioconda.live.server import answers as a
from gioconda.live.server.control import checked_background, turned
from gioconda.live.server.problems import Problem
from gioconda.live.server.state import ALONE_S
from gioconda.live.server.uploads import file_body, uploaded
from gioconda.live.session import MOST_QUEUED_S
from gioconda.live.types import pcm16
from gioconda.trust.label import label_language_or_english

if TYPE_CHECKING:
    from gioconda.live.server.app import Server
    from gioconda.live.server.state import HeldSession

FloatArray = npt.NDArray[np.float32]

#: Sound that waits is counted by the clock here, and by what was heard in the session, which is a
#: little behind; so much less is taken in when something waits.
_MARGIN_S: Final = 2.0
#: Sounds go to the worker in pieces, between which it makes its frames.
_PIECE_S: Final = 0.5
#: Slowest rate that a session takes; slower sounds are brought to it.
_LEAST_RATE_HZ: Final = 8_000

Key = Annotated[str, Path(description="id of the session", max_length=64)]


def routes(server: Server) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/v1/sessions", tags=["sessions"], responses=a.errors(401, 422, 429))
    sessions = server.sessions

    def touched(key: str) -> HeldSession:
        held = sessions.get(key)
        sessions.touch(held)
        return held

    @router.post("", status_code=201, responses=a.errors(404, 422, 503))
    async def begin(wanted: a.SessionRequest, response: Response) -> a.SessionAnswer:
        """Begin a session without a socket, for players and for simple clients.

        It closes when no client has held it, and nobody has asked anything of it, for a minute.
        """
        controls = turned(Controls(seed=wanted.seed), wanted.controls)
        background = checked_background(wanted.background) or "keep"
        spec = c.OpenSession(
            wanted.portrait, controls, wanted.fps, wanted.size, wanted.lookahead_ms, background,
            label=wanted.label, language=label_language_or_english(wanted.language),
        )  # fmt: skip
        held = await sessions.open(spec, ALONE_S)
        response.headers["Location"] = f"/v1/sessions/{held.face.id}"
        return told(server, held)

    @router.get("")
    async def all_sessions() -> list[a.SessionAnswer]:
        """List the sessions that run."""
        return [told(server, held) for held in sessions.all() if not held.face.closed]

    @router.get("/{key}", responses=a.errors(404))
    async def one(key: Key) -> a.SessionAnswer:
        """Tell how a session is; asking keeps it open."""
        return told(server, touched(key))

    @router.delete("/{key}", status_code=204, responses=a.errors(404))
    async def end(key: Key) -> None:
        """End a session; sockets and players are told."""
        await sessions.close(sessions.get(key), "ended by request")

    @router.post("/{key}/controls", responses=a.errors(404, 422))
    async def change(key: Key, wanted: a.Change) -> a.SessionAnswer:
        """Turn dials while the session runs, set its background, or let it listen."""
        held = touched(key)
        dials = wanted.model_dump(exclude_none=True, exclude={"background", "listening", "label"})
        controls = turned(held.face.spec.controls, Dials(**dials)) if dials else None
        background = checked_background(wanted.background)
        turn = c.Turn(controls, background, wanted.listening, sessions.labelled(wanted.label))
        await held.face.send(turn)
        return told(server, held)

    @router.post("/{key}/say", status_code=202, responses=a.errors(404, 422))
    async def say(key: Key, wanted: a.SayRequest) -> Response:
        """Speak a text, as one utterance, after what is being said."""
        held = touched(key)
        await asyncio.to_thread(check_speakable, wanted.text, wanted.voice)
        await held.face.send(c.Say(wanted.text, wanted.voice))
        return Response(status_code=202)

    @router.post(
        "/{key}/speech", status_code=202, responses=a.errors(404, 413, 422, 429),
        openapi_extra=file_body("sound", "audio/*", "a sound, or a video with sound"),
    )  # fmt: skip
    async def speech(key: Key, request: Request) -> a.SpeechAnswer:
        """Speak a sound file, as one utterance, after what is being said."""
        held = touched(key)
        data = await uploaded(request, server.limits.sound_bytes)
        samples, rate_hz = await server.decode_sound(data)
        return await spoken(server, held, samples, rate_hz)

    @router.post("/{key}/interrupt", status_code=204, responses=a.errors(404))
    async def interrupt(key: Key) -> None:
        """Stop speaking at once; what was not heard is forgotten."""
        held = touched(key)
        held.queued_until_s = 0.0
        await held.face.send(c.StopSpeaking())

    @router.get("/{key}/outputs", responses=a.errors(404))
    async def outputs(key: Key) -> list[a.OutputAnswer]:
        """List where the session is sent to."""
        return [output_told(o) for o in touched(key).outputs.values()]

    @router.post("/{key}/outputs", status_code=202, responses=a.errors(403, 404, 409, 422))
    async def send(key: Key, wanted: a.OutputRequest) -> a.OutputAnswer:
        """Send the session to an rtmp, rtsp or srt address too.

        Only to those under an address that the server was started with (`--allow-output`). It
        keeps the session open for as long as it is connected.
        """
        return output_told(await server.outputs.start(touched(key), wanted.url))

    @router.delete("/{key}/outputs/{output}", status_code=204, responses=a.errors(404))
    async def stop(key: Key, output: str) -> None:
        """Send the session there no longer."""
        await server.outputs.stop(touched(key), output)

    @router.get(
        "/{key}/recording.mp4", response_class=FileResponse,
        responses=a.errors(404) | a.file("video/mp4", synthetic=True),
    )  # fmt: skip
    async def recording(key: Key) -> FileResponse:
        """Return the last recording of a session, until a minute after its end."""
        path = server.recordings.file(key)
        return FileResponse(
            path, media_type="video/mp4", filename="gioconda.mp4", headers=a.SYNTHETIC
        )

    @router.get(
        "/{key}/mjpeg", response_class=StreamingResponse,
        responses=a.errors(404) | a.file("multipart/x-mixed-replace", synthetic=True),
    )  # fmt: skip
    async def mjpeg(key: Key) -> Response:
        """Return a session's frames as a stream of JPEGs, for debugging."""
        held = sessions.get(key)
        sessions.enter(held)
        return StreamingResponse(
            _parts(server, held),
            media_type="multipart/x-mixed-replace; boundary=frame",
            headers=a.SYNTHETIC,
        )

    return router


def told(server: Server, held: HeldSession) -> a.SessionAnswer:
    """Return what the API says of a session."""
    face = held.face
    left_s = server.sessions.left_s(held)
    return a.SessionAnswer(
        id=face.id, portrait=held.portrait.id, width=face.opened.width, height=face.opened.height,
        fps=face.spec.fps, lookahead_ms=face.opened.lookahead_ms,
        controls=asdict(face.spec.controls), background=face.spec.background,
        clients=held.clients, closes_in_s=None if left_s is None else round(left_s, 1),
        restarts=face.restarts, outputs=[output_told(o) for o in held.outputs.values()],
        links=a.SessionLinks(
            whep=f"/whep/{face.id}", mjpeg=f"/v1/sessions/{face.id}/mjpeg", socket="/v1/live"
        ),
    )  # fmt: skip


def output_told(output: Any) -> a.OutputAnswer:
    """Return what the API says of an output."""
    return a.OutputAnswer(
        id=output.id, target=output.shown, state=output.state, message=output.message
    )


async def spoken(
    server: Server, held: HeldSession, samples: FloatArray, rate_hz: int
) -> a.SpeechAnswer:
    """Hand a sound over to a session as one utterance.

    Args:
        server: whose clock tells what is still to be heard.
        held: the session.
        samples: float32 mono, (n,).
        rate_hz: of them.

    Raises:
        Problem: too much waits to be heard already, or it is longer than may ever wait.
    """
    duration_s = len(samples) / rate_hz
    now_s = server.clock()
    before_s = max(held.queued_until_s - now_s, 0.0)
    if duration_s > MOST_QUEUED_S:
        words = f"up to {MOST_QUEUED_S / 60:.0f} minutes of sound are spoken at once; send parts"
        raise Problem(422, "bad_audio", words)
    over_s = before_s + duration_s - (MOST_QUEUED_S - _MARGIN_S)
    if before_s and over_s > 0:
        retry_s = int(min(over_s, before_s)) + 1
        raise Problem(429, "too_fast", "too much waits to be heard; send this later", retry_s)
    held.queued_until_s = now_s + before_s + duration_s
    # A session without clients must not end while it speaks what it was given.
    if held.due_s is not None:
        held.due_s = max(held.due_s, held.queued_until_s + held.keep_s)
    async with held.speaking:
        turn = held.face.turn
        await held.face.send(c.Commit())
        for pcm, rate, ends in await asyncio.to_thread(lambda: list(_pieces(samples, rate_hz))):
            # What was interrupted meanwhile is not said any more.
            if held.face.turn != turn or held.face.closed:
                break
            await held.face.send(c.Speak(pcm, rate, ends=ends))
    return a.SpeechAnswer(duration_s=round(duration_s, 3), queued_s=round(before_s + duration_s, 3))


def check_speakable(text: str, voice: str | None) -> None:
    """Check a text and a voice before long work.

    Raises:
        OptionError, TranscriptError, VoiceError: as :func:`gioconda.speak` raises.
    """
    from gioconda.speaking import speak

    # Nothing is spoken before the first piece is asked for.
    speak(text, voice)


def _pieces(samples: FloatArray, rate_hz: int) -> Iterator[tuple[bytes, int, bool]]:
    if rate_hz < _LEAST_RATE_HZ:
        import soxr

        samples = soxr.resample(samples, rate_hz, 2 * _LEAST_RATE_HZ)
        rate_hz = 2 * _LEAST_RATE_HZ
    pcm = pcm16(samples)
    step = int(_PIECE_S * rate_hz)
    for start in range(0, len(pcm), step):
        yield pcm[start : start + step].tobytes(), rate_hz, start + step >= len(pcm)


async def _parts(server: Server, held: HeldSession) -> AsyncIterator[bytes]:
    reader = None
    try:
        reader = await held.face.subscribe(Kind.JPEG, audio=False)
        async for item in reader:
            if isinstance(item, Packet):
                head = f"Content-Type: image/jpeg\r\nContent-Length: {len(item.payload)}"
                yield f"--frame\r\n{head}\r\n\r\n".encode() + item.payload + b"\r\n"
    finally:
        if reader is not None:
            await held.face.unsubscribe(reader)
        server.sessions.leave(held)

"""Revoked consent is refused everywhere: one table of every way to a moving face."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gioconda import examples
from gioconda.errors import ConsentError
from gioconda.portrait import Portrait
from gioconda.trust.consent.ledger import Ledger
from gioconda.trust.consent.requirement import require
from gioconda.trust.consent.statement import Statement

BASES = [None, "self", "artwork", "synthetic", Statement("permission", "Ann", minor=False)]


def _animate(person: Portrait, basis: Any) -> object:
    import gioconda

    return gioconda.animate(person, examples.speech_path(), basis=basis)


def _render_motion(person: Portrait, basis: Any) -> object:
    import gioconda
    from gioconda.motion import Motion, neutral

    return gioconda.render_motion(person, Motion(np.stack([neutral()] * 2), 50.0), basis=basis)


def _session(person: Portrait, basis: Any) -> object:
    from gioconda import Session

    return Session(person, basis=basis)


def _live(person: Portrait, basis: Any) -> object:
    from gioconda.live import Session

    return Session(person, basis=basis)


def _frame_maker(person: Portrait, basis: Any) -> object:
    from gioconda.frame_maker import FrameMaker

    return FrameMaker(person, basis=basis)


def _sheet(person: Portrait, basis: Any) -> object:
    from gioconda.sheet import expression_sheet

    return expression_sheet(person, basis=basis)


LIBRARY: dict[str, Callable[[Portrait, Any], object]] = {
    "animate": _animate,
    "render_motion": _render_motion,
    "Session": _session,
    "live.Session": _live,
    "FrameMaker": _frame_maker,
    "expression_sheet": _sheet,
}


@pytest.mark.parametrize("entry", LIBRARY)
def test_the_library(home: Path, person: Portrait, entry: str) -> None:
    old = require(person, "artwork")
    Ledger().revoke(person.pixels_sha256)
    for basis in [*BASES, old]:
        with pytest.raises(ConsentError) as refused:
            LIBRARY[entry](person, basis)
        assert refused.value.code == "revoked"


def test_a_job_that_waited_and_a_task_of_a_cluster(
    home: Path, person: Portrait, mirrored: np.ndarray, tmp_path: Path
) -> None:
    pytest.importorskip("fastapi", reason="the extra 'live' is not installed")
    from gioconda.cluster.renderer import Renderer
    from gioconda.cluster.tasks import FileBytes, Heard, RenderTask
    from gioconda.controls import Controls
    from gioconda.live.server import job_process

    grant = require(person, "artwork")
    Ledger().revoke(person.pixels_sha256)
    target = tmp_path / "video.mp4"
    silence = np.zeros(8000, np.int16)
    task = job_process.RenderTask(target, mirrored, silence, 16_000, grant=grant, size=256)
    with pytest.raises(ConsentError):
        job_process.render(task, lambda _: None)
    assert not target.exists()
    Image.fromarray(mirrored).save(tmp_path / "face.png")
    sound = Heard(FileBytes.read(examples.speech_path()))
    made = Renderer({"sound": sound}.__getitem__).render(
        RenderTask(
            0,
            FileBytes.read(tmp_path / "face.png"),
            "sound",
            None,
            Controls(),
            ".mp4",
            24,
            256,
            grant=grant,
        )
    )
    assert made.video is None
    assert "revoked" in made.error


def _png() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((64, 64, 3), 70, np.uint8)).save(file, "PNG")
    return file.getvalue()


#: Requests about a portrait that is held, an upload of the same picture, and what they answer.
ROUTES: dict[str, Callable[[Any, str, str], Any]] = {
    "upload, as a form": lambda http, _, __: http.post(
        "/v1/portraits", files={"file": _png()}, data={"basis": "synthetic"}
    ),
    "upload, as a body": lambda http, _, __: http.post(
        "/v1/portraits?basis=artwork", content=_png()
    ),
    "upload, on another basis": lambda http, _, __: http.post(
        "/v1/portraits", files={"file": _png()},
        data={"basis": "permission", "of": "Ann", "minor": "false"},
    ),
    "sheet": lambda http, key, _: http.get(f"/v1/portraits/{key}/sheet.png"),
    "session": lambda http, key, _: http.post("/v1/sessions", json={"portrait": key}),
    "offer": lambda http, key, _: http.post("/offer", json={"sdp": SDP, "portrait": key}),
    "job of it": lambda http, key, _: http.post(
        "/v1/jobs", files={"portrait": (None, key), "text": (None, "Hello.")}
    ),
    "job of the picture": lambda http, _, __: http.post(
        "/v1/jobs",
        files={"portrait": ("p", _png()), "text": (None, "Hello."), "basis": (None, "artwork")},
    ),
    "session that ran": lambda http, _, session: http.get(f"/v1/sessions/{session}"),
    "its frames": lambda http, _, session: http.get(f"/v1/sessions/{session}/mjpeg"),
    "its player": lambda http, _, session: http.post(
        f"/whep/{session}", content=SDP, headers={"Content-Type": "application/sdp"}
    ),
    "its speech": lambda http, _, session: http.post(
        f"/v1/sessions/{session}/say", json={"text": "Hello."}
    ),
}  # fmt: skip
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
    "c=IN IP4 0.0.0.0\r\na=rtpmap:96 VP8/90000\r\na=recvonly\r\na=mid:0\r\na=rtcp-mux\r\n"
    "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=setup:actpass\r\n"
    "a=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\n"
)


def test_the_server(home: Path) -> None:
    pytest.importorskip("aiortc", reason="the extra 'live' is not installed")
    from tests.live.server.small import small

    from gioconda.portrait.portrait import pixels_sha256

    async def story() -> dict[str, tuple[int, str]]:
        async with small() as here:
            first = await ROUTES["upload, as a form"](here.http, "", "")
            assert first.status_code == 201, first.text
            key = first.json()["id"]
            answer = await here.http.post("/v1/sessions", json={"portrait": key})
            Ledger().revoke(pixels_sha256(np.full((64, 64, 3), 70, np.uint8)))
            await here.sweep_after(0)
            answers = {}
            for name, ask in ROUTES.items():
                said = await ask(here.http, key, answer.json()["id"])
                answers[name] = (said.status_code, said.json()["error"]["code"])
            return answers

    gone = dict.fromkeys(
        ("session that ran", "its frames", "its player", "its speech"), (404, "no_session")
    )
    assert asyncio.run(story()) == dict.fromkeys(ROUTES, (403, "consent")) | gone


def test_the_socket_and_players_of_the_example(home: Path) -> None:
    client = pytest.importorskip("starlette.testclient", reason="the extra 'live' is missing")
    pytest.importorskip("aiortc", reason="the extra 'live' is not installed")
    from tests.live.server.small import Small

    from gioconda.live.server.app import ServeSettings
    from gioconda.live.server.limits import Rate, RateLimits
    from gioconda.live.server.safety import Safety

    often = RateLimits(*[Rate(1e6, 1e6)] * 5)
    here = Small(ServeSettings(safety=Safety(rates=often)))
    Ledger().revoke(Portrait.open(examples.portrait_path()).pixels_sha256)
    with client.TestClient(here.app, base_url="http://127.0.0.1") as http:
        with http.websocket_connect("/v1/live", headers={"host": "127.0.0.1"}) as socket:
            socket.send_json({"type": "session.update"})
            told = socket.receive_json()
            assert (told["type"], told["code"]) == ("error", "consent")
        player = http.post("/whep", content=SDP, headers={"Content-Type": "application/sdp"})
        assert (player.status_code, player.json()["error"]["code"]) == (403, "consent")
        assert http.post("/v1/sessions", json={}).status_code == 403


def test_the_table_names_every_command_that_asks() -> None:
    """The commands themselves are run in ``tests/cli/test_consent.py``."""
    import typer
    from tests.cli import test_consent

    from gioconda.cli.app import app

    asking = {
        name for name, command in typer.main.get_command(app).commands.items()  # type: ignore[attr-defined]
        if any("--basis" in p.opts for p in command.params)
    }  # fmt: skip
    mark = test_consent.test_every_command_that_moves_a_face_refuses_a_revoked_one.pytestmark[0]
    # The server refuses portrait by portrait: see above.
    assert asking - {"serve"} == set(mark.args[1]) - {"motion-from"}

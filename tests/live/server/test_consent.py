"""Consent at the server: asked with an upload, kept, and ended wherever it is revoked."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.live.server.conftest import Running
from tests.live.server.small import Small, png, settled, small
from tests.live.server.test_socket import session

from gioconda.live.host import commands as c
from gioconda.live.messages import ErrorEvent, SessionClosed
from gioconda.portrait.portrait import pixels_sha256
from gioconda.trust.consent.ledger import Ledger
from gioconda.trust.consent.statement import Statement

websockets = pytest.importorskip("websockets", reason="the extra [live] is not installed")
GREY = np.full((64, 64, 3), 90, np.uint8)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("GIOCONDA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("GIOCONDA_BASIS", raising=False)
    return tmp_path / "home"


async def upload(here: Small, **fields: str) -> httpx.Response:
    return await here.http.post("/v1/portraits", files={"file": ("me.png", png())}, data=fields)


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_an_upload_without_a_basis_is_asked_for_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A variable of the operator's shell states nothing for strangers.
    monkeypatch.setenv("GIOCONDA_BASIS", "artwork")

    async def story() -> None:
        async with small() as here:
            answers = [
                await upload(here),
                await here.http.post("/v1/portraits", content=png()),
                await upload(here, of="Ann"),
                await here.http.post(
                    "/v1/jobs", files={"portrait": ("p", png()), "text": (None, "Hello.")}
                ),
            ]
            for answer in answers:
                assert told(answer) == (422, "consent"), answer.text
            assert "'basis'" in answers[0].json()["error"]["message"]
            assert here.server.portraits.all() == []
            assert here.pool.workers == [], "nobody looked at the picture"
        assert not home.exists()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"basis": "love"}, (422, "bad_option")),
        ({"basis": "self"}, (422, "consent")),
        ({"basis": "self", "minor": "perhaps"}, (422, "bad_option")),
        ({"basis": "permission", "minor": "false"}, (422, "consent")),
        ({"basis": "permission", "of": "Ben", "minor": "true"}, (403, "consent")),
        ({"basis": "self", "minor": "true", "guardian": "Ann"}, (422, "bad_option")),
        ({"basis": "permission", "of": "Ann", "minor": "false", "until": "2020-01-01"},
         (403, "consent")),
        ({"basis": "permission", "of": "Ann", "minor": "false", "until": "soon"},
         (422, "bad_option")),
        ({"basis": "artwork", "of": "x" * 300}, (422, "bad_option")),
    ],
)  # fmt: skip
def test_what_does_not_suffice_is_refused_before_the_picture_is_read(
    home: Path, fields: dict[str, str], answer: tuple[int, str]
) -> None:
    async def story() -> None:
        async with small() as here:
            assert told(await upload(here, **fields)) == answer
            assert here.pool.workers == []

    asyncio.run(story())


@pytest.mark.parametrize(
    ("fields", "reason", "param"),
    [
        ({}, "not_stated", "basis"),
        ({"basis": "self"}, "not_stated", "minor"),
        ({"basis": "permission", "minor": "false"}, "not_stated", "of"),
        ({"basis": "permission", "minor": "false", "of": "  "}, "not_stated", "of"),
        ({"basis": "self", "minor": "true"}, "refused", "guardian"),
        ({"basis": "permission", "of": "Ann", "minor": "false", "until": "2020-01-01"},
         "refused", "until"),
        ({"basis": "permission", "of": "Ann", "minor": "false", "given": "2099-01-01"},
         "refused", "given"),
        ({"basis": "permission", "of": "Ann", "minor": "false", "until": "soon"}, None, "until"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_field_and_no_option_of_a_command_line(
    home: Path, fields: dict[str, str], reason: str | None, param: str
) -> None:
    async def story() -> None:
        async with small() as here:
            error = (await upload(here, **fields)).json()["error"]
            assert (error.get("reason"), error["param"]) == (reason, param)
            assert "--" not in error["message"]
            assert "gioconda " not in error["message"]

    asyncio.run(story())


def test_a_statement_is_kept_and_told_by_its_reference(home: Path) -> None:
    async def story() -> None:
        async with small() as here:
            fields = {
                "basis": "permission", "of": "Zoë Example", "given": "2026-01-02",
                "until": "2099-01-31", "minor": "true", "guardian": "Ann Example, mother",
                "language": "it",
            }  # fmt: skip
            answer = await upload(here, **fields)
            assert answer.status_code == 201, answer.text
            [record] = Ledger().of_portrait(pixels_sha256(GREY))
            assert (record.via, record.by) == ("server", "a client of the server")
            assert record.statement.of == "Zoë Example"
            assert record.statement.guardian is not None
            assert record.text.startswith("Alla persona")
            body = answer.json()
            assert (body["basis"], body["consent"]) == ("permission", record.reference)
            assert body["expires"].startswith("2099-0")
            assert "Zo" not in answer.text, "names stay in the ledger"
            again = await upload(here, **fields)
            assert again.json()["consent"] == record.reference
            assert len(Ledger().records()) == 1

    asyncio.run(story())


def test_a_name_never_stands_in_an_address(home: Path) -> None:
    async def story() -> None:
        async with small() as here:
            url = "/v1/portraits?basis=permission&minor=false&of=Ann"
            answer = await here.http.post(url, content=png())
            assert told(answer) == (422, "bad_request")
            url = "/v1/portraits?basis=self&minor=false"
            assert (await here.http.post(url, content=png())).status_code == 201

    asyncio.run(story())


def test_a_default_speaks_for_clients_that_state_nothing(home: Path) -> None:
    async def story() -> None:
        async with small(statement=Statement("synthetic")) as here:
            assert (await upload(here)).json()["basis"] == "synthetic"
            assert (await upload(here, basis="artwork")).json()["basis"] == "artwork"

    asyncio.run(story())


def test_a_session_and_a_job_go_with_the_portraits_grant(home: Path) -> None:
    async def story() -> None:
        async with small() as here:
            portrait = (await upload(here, basis="artwork")).json()
            answer = await here.http.post("/v1/sessions", json={"portrait": portrait["id"]})
            assert answer.status_code == 201, answer.text
            spec = here.server.sessions.get(answer.json()["id"]).face.spec
            assert spec.grant is not None
            assert spec.grant.reference == portrait["consent"]
            answer = await here.http.post(
                "/v1/jobs", files={"portrait": (None, portrait["id"]), "text": (None, "Hello.")}
            )
            assert answer.status_code == 202, answer.text
            await settled()
            grant = here.renderer.tasks[0].grant
            assert grant is not None
            assert grant.reference == portrait["consent"]

    asyncio.run(story())


def test_workers_of_other_machines_get_a_grant_that_needs_no_ledger(home: Path) -> None:
    async def story() -> None:
        async with small() as here:
            here.pool.far = True
            portrait = (await upload(here, basis="artwork")).json()
            answer = await here.http.post("/v1/sessions", json={"portrait": portrait["id"]})
            spec = here.server.sessions.get(answer.json()["id"]).face.spec
            assert spec.grant is not None
            assert (spec.grant.carried, spec.grant.portrait) == (True, "")
            assert spec.marks is not None
            # The server, which has the ledger, ends it still.
            Ledger().revoke(pixels_sha256(GREY))
            await here.sweep_after(0)
            assert len(here.server.sessions) == 0

    asyncio.run(story())


def test_a_revocation_ends_the_session_and_its_clients_are_told(home: Path) -> None:
    async def story() -> None:
        async with small() as here:
            portrait = (await upload(here, basis="artwork")).json()["id"]
            answer = await here.http.post("/v1/sessions", json={"portrait": portrait})
            other = await here.http.post("/v1/sessions", json={})
            held = here.server.sessions.get(answer.json()["id"])
            reader = await held.face.subscribe(None)
            Ledger().revoke(pixels_sha256(GREY), "no")
            await here.sweep_after(0)
            heard = [item async for item in reader]
            errors = [e for e in heard if isinstance(e, ErrorEvent)]
            assert [e.code for e in errors] == ["consent"]
            assert isinstance(heard[-1], SessionClosed)
            assert "consent" in heard[-1].reason
            left = [h.face.id for h in here.server.sessions.all()]
            assert left == [other.json()["id"]], "the example's session goes on"

    asyncio.run(story())


def test_consent_is_revoked_through_the_api(home: Path) -> None:
    async def story() -> None:
        async with small() as here:
            portrait = (await upload(here, basis="artwork")).json()["id"]
            url = f"/v1/portraits/{portrait}"
            session = await here.http.post("/v1/sessions", json={"portrait": portrait})
            answer = await here.http.post(f"{url}/revoke", json={"reason": "she asked me to"})
            assert answer.status_code == 204, answer.text
            [record] = Ledger().records()
            assert record.revoked is not None
            assert record.revoked.reason == "she asked me to"
            gone = f"/v1/sessions/{session.json()['id']}"
            assert (await here.http.get(gone)).status_code == 404
            assert (await here.http.get(url)).status_code == 404
            refused = await upload(here, basis="synthetic")
            assert told(refused) == (403, "consent")
            error = refused.json()["error"]
            assert error["reason"] == "revoked"
            assert error["day"] == record.revoked.at.astimezone().date().isoformat()
            assert error["day"] in error["message"]
            assert "--" not in error["message"]
            assert "gioconda consent" not in error["message"]
            example = await here.http.post("/v1/portraits/example/revoke", json={})
            assert example.status_code == 409

    asyncio.run(story())


def test_what_expires_ends_by_itself(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with small() as here:
            fields = {"basis": "permission", "of": "Ann", "minor": "false", "until": "2099-01-31"}
            portrait = (await upload(here, **fields)).json()["id"]
            await here.http.post("/v1/sessions", json={"portrait": portrait})
            from datetime import UTC, datetime

            later = datetime(2099, 2, 2, tzinfo=UTC)
            monkeypatch.setattr(Ledger, "now", property(lambda self: later))
            await here.sweep_after(0)
            assert len(here.server.sessions) == 0
            answer = await here.http.post("/v1/sessions", json={"portrait": portrait})
            assert told(answer) == (403, "consent")

    asyncio.run(story())


def test_a_live_face_ends_within_seconds_of_another_process_that_revokes(
    server: Running, astronaut: np.ndarray, tmp_path: Path
) -> None:
    path = tmp_path / "face.png"
    Image.fromarray(np.ascontiguousarray(astronaut[:, ::-1][:500])).save(path)
    revoke = [sys.executable, "-m", "gioconda", "consent", "revoke", str(path), "--quiet"]
    ended = []

    async def story() -> None:
        async with httpx.AsyncClient(base_url=server.address, timeout=60) as http:
            form: Any = {"files": {"file": path.read_bytes()}, "data": {"basis": "synthetic"}}
            answer = await http.post("/v1/portraits", **form)
            assert answer.status_code == 201, answer.text
            # The server closes the socket before its client does.
            with contextlib.suppress(websockets.ConnectionClosed):
                async with session(server, portrait=answer.json()["id"]) as client:
                    await client.for_seconds(0.5)
                    assert client.packets
                    done = await asyncio.to_thread(subprocess.run, revoke)
                    assert done.returncode == 0
                    error = await client.until("error", 10)
                    assert error.code == "consent"
                    assert "consent" in (await client.until("session.closed", 10)).reason
                    ended.append(True)
            assert ended
            assert (await http.post("/v1/portraits", **form)).status_code == 403

    asyncio.run(story())


def test_the_example_is_told_as_a_real_person_who_was_not_asked(home: Path) -> None:
    async def story() -> None:
        async with small() as here:
            example = (await here.http.get("/v1/portraits/example")).json()
            assert "real person, and was not asked" in example["about"]
            assert (await upload(here, basis="artwork")).json()["about"] is None

    asyncio.run(story())


def test_the_examples_picture_cannot_be_revoked_or_ended_by_a_client(home: Path) -> None:
    from gioconda import examples

    picture = ("me.png", examples.portrait_path().read_bytes())

    async def story() -> None:
        async with small() as here:
            form = {"basis": "permission", "of": "Ann", "minor": "false", "until": "2099-01-31"}
            answer = await here.http.post("/v1/portraits", files={"file": picture}, data=form)
            assert answer.status_code == 201, answer.text
            # What the client says of it ends nothing for the others.
            assert (answer.json()["basis"], answer.json()["expires"]) == ("artwork", None)
            refused = await here.http.post(f"/v1/portraits/{answer.json()['id']}/revoke", json={})
            assert told(refused) == (409, "in_use")
            assert "server's machine" in refused.json()["error"]["message"]
            assert (await here.http.post("/v1/sessions", json={})).status_code == 201
        assert not (home / "consent.json").exists()

    asyncio.run(story())


def test_a_damaged_ledger_ends_sessions_and_the_sweep_goes_on(home: Path) -> None:
    async def story() -> None:
        async with small() as here:
            portrait = (await upload(here, basis="artwork")).json()["id"]
            for _ in range(2):
                answer = await here.http.post("/v1/sessions", json={"portrait": portrait})
                assert answer.status_code == 201
            held = here.server.sessions.all()[0]
            reader = await held.face.subscribe(None)
            (home / "consent.json").write_text("{")
            await here.sweep_after(0)
            assert len(here.server.sessions) == 0
            heard = [item async for item in reader]
            [error] = [e for e in heard if isinstance(e, ErrorEvent)]
            assert error.code == "consent"
            assert str(home) not in error.message, "no folder of the server is told"
            # What is due is forgotten still.
            await here.sweep_after(1000)
            assert here.server.portraits.all() == []

    asyncio.run(story())


def test_a_sheet_made_elsewhere_is_signed_with_the_grant_that_is_kept_here(home: Path) -> None:
    async def story() -> None:
        async with small() as here:
            here.pool.far = True
            portrait = (await upload(here, basis="artwork")).json()["id"]
            answer = await here.http.get(f"/v1/portraits/{portrait}/sheet.png")
            assert answer.status_code == 200, answer.text
            sent = [w for worker in here.pool.workers for w in worker.of(c.MakePicture)]
            assert [m.grant.carried for m in sent] == [True]

    asyncio.run(story())

"""Verification over HTTP: what is answered, what is refused, and that nothing is kept."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.live.server.small import png, small, wav

from gioconda.errors import SandboxError
from gioconda.live.server.check_process import LONGEST_S, MOST_WAITING, ProcessChecks
from gioconda.live.server.limits import Rate, RateLimits
from gioconda.live.server.safety import Safety
from gioconda.sandbox.limits import FILE_LIMITS, LOOKS
from gioconda.trust.verify.finding import (
    CredentialsFinding,
    FileFinding,
    Finding,
    LogFinding,
    Verdict,
    WatermarkFinding,
)


def finding(**verdict: Any) -> Finding:
    return Finding(
        verdict=Verdict(**verdict), file=FileFinding(kind="video"),
        credentials=CredentialsFinding(), watermark=WatermarkFinding(), log=LogFinding(),
        checked_at=datetime.now(UTC),
    )  # fmt: skip


class FakeChecks:
    """Answers what it is told to."""

    def __init__(self, answer: Finding | Exception) -> None:
        self.answer = answer
        self.asked: list[tuple[bytes, bool]] = []

    async def __call__(self, data: bytes, *, quick: bool) -> Finding:
        self.asked.append((data, quick))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def close(self) -> None: ...


def test_a_form_and_a_raw_body_are_taken_alike() -> None:
    async def story() -> None:
        async with small() as made:
            checks = FakeChecks(finding(code="no_evidence", sentence="No evidence either way."))
            made.server.checks = checks
            answer = await made.http.post("/v1/verify", files={"file": ("secret.png", png())})
            assert answer.status_code == 200, answer.text
            assert answer.json()["verdict"]["code"] == "no_evidence"
            assert answer.json()["file"]["name"] == ""
            answer = await made.http.post("/v1/verify?quick=true", content=png())
            assert answer.status_code == 200
            assert checks.asked == [(png(), False), (png(), True)]

    asyncio.run(story())


@pytest.mark.parametrize(
    ("kind", "status", "code"), [("video", 422, "unreadable"), ("unknown", 415, "bad_format")]
)
def test_what_cannot_be_read_is_an_error_of_one_sentence(kind: str, status: int, code: str) -> None:
    async def story() -> None:
        async with small() as made:
            found = finding(code="unreadable", sentence="It is damaged.", exit_code=2)
            file = found.file.model_copy(update={"kind": kind})
            made.server.checks = FakeChecks(found.model_copy(update={"file": file}))
            answer = await made.http.post("/v1/verify", content=b"nothing")
            assert answer.status_code == status
            assert answer.json() == {"error": {"code": code, "message": "It is damaged."}}

    asyncio.run(story())


def test_too_large_empty_too_often_and_busy() -> None:
    async def story() -> None:
        rates = RateLimits(*[Rate(1e6, 1e6)] * 5)
        async with small(safety=Safety(rates=rates)) as made:
            made.server.checks = FakeChecks(SandboxError("all are at work"))
            most = made.server.limits.sound_bytes
            answer = await made.http.post("/v1/verify", content=bytes(most + 70_000))
            assert answer.status_code == 413
            assert (await made.http.post("/v1/verify", content=b"")).status_code == 422
            busy = await made.http.post("/v1/verify", content=png())
            assert busy.status_code == 503
            assert "retry-after" in busy.headers
        async with small(safety=Safety(rates=RateLimits(upload=Rate(0.001, 1)))) as made:
            made.server.checks = FakeChecks(finding())
            assert (await made.http.post("/v1/verify", content=png())).status_code == 200
            assert (await made.http.post("/v1/verify", content=png())).status_code == 429

    asyncio.run(story())


def test_a_real_process_looks_and_is_started_again_when_it_is_lost() -> None:
    async def story() -> None:
        async with small() as made:
            checks = made.server.checks
            assert isinstance(checks, ProcessChecks)
            try:
                answer = await made.http.post("/v1/verify?quick=true", content=png())
                assert answer.status_code == 200, answer.text
                assert answer.json()["file"]["width"] == 64
                assert checks._process is not None
                checks._process.kill()
                checks._process.join()
                answer = await made.http.post("/v1/verify?quick=true", content=wav())
                assert answer.status_code == 200, answer.text
                assert answer.json()["watermark"]["status"] == "not_looked_for"
                answer = await made.http.post("/v1/verify", content=b"no media at all" * 40)
                assert answer.status_code == 415
            finally:
                checks.close()

    asyncio.run(story())


def test_no_more_wait_than_there_are_places() -> None:
    async def story() -> None:
        checks = ProcessChecks()
        checks._waiting = MOST_WAITING + 1
        with pytest.raises(SandboxError, match="try again"):
            await checks(png(), quick=True)

    asyncio.run(story())


def test_the_description_names_the_finding() -> None:
    async def story() -> None:
        async with small() as made:
            described = made.app.openapi()
            route = described["paths"]["/v1/verify"]["post"]
            schema = route["responses"]["200"]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Finding"}
            assert {"413", "415", "422", "429", "503"} <= route["responses"].keys()

    asyncio.run(story())


def test_the_process_is_not_given_up_while_looks_into_a_file_have_time_left() -> None:
    assert LOOKS * FILE_LIMITS.wall_s < LONGEST_S

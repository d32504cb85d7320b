"""What clients are told of errors: nothing of the operator's folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from gioconda.errors import ConsentError, OptionError, TrustError
from gioconda.live.host.worker import _code
from gioconda.live.server import check_process, job_process
from gioconda.live.server.problems import problem_of
from gioconda.live.told import UNREADY, UNREADY_SENTENCE, told
from gioconda.trust.home import read_private


class Pipe:
    """One end, which brings what is asked and keeps what is answered."""

    def __init__(self, *brought: object) -> None:
        self._brought = list(brought)
        self.sent: list[object] = []

    def poll(self, timeout: float | None = None) -> bool:
        return bool(self._brought)

    def recv(self) -> object:
        if not self._brought:
            raise EOFError
        return self._brought.pop(0)

    recv_bytes = recv

    def send(self, what: object) -> None:
        self.sent.append(what)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The private folder of somebody, in which the watermark's keys cannot be read."""
    folder = tmp_path / "leonardo" / "private"
    (folder / "watermark.json").mkdir(parents=True)
    monkeypatch.setenv("GIOCONDA_HOME", str(folder))
    return folder


def unusable() -> TrustError:
    with pytest.raises(TrustError, match="leonardo") as caught:
        read_private("watermark.json")
    return caught.value


def test_clients_are_told_one_sentence_and_the_log_the_file(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    problem = problem_of(unusable())
    assert (problem.status, problem.code, problem.message) == (503, UNREADY, UNREADY_SENTENCE)
    assert "watermark.json" in caplog.text
    assert "leonardo" not in caplog.text
    assert _code(unusable()) == UNREADY


def test_the_home_of_a_user_is_not_logged(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HOME", str(home.parent))
    told(TrustError(f"the certificate {str(home.parent / 'press.pem')!r} is missing"))
    assert "'~/press.pem'" in caplog.text
    assert "leonardo" not in caplog.text


def test_other_errors_are_told_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
    assert told(OptionError("fps is too high")) == "fps is too high"
    assert not caplog.records


def test_the_process_that_verifies_tells_no_folder(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet(monkeypatch, check_process)
    pipe = Pipe(False, b"a file")
    check_process.main(pipe)  # type: ignore[arg-type]
    assert pipe.sent == [None, UNREADY_SENTENCE]


def test_the_process_of_a_job_tells_no_folder(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet(monkeypatch, job_process)
    monkeypatch.setattr("tempfile.tempdir", None)

    def fail(*_: object) -> None:
        raise unusable()

    monkeypatch.setattr(job_process, "render", fail)
    monkeypatch.setattr(job_process, "_end_with", lambda connection: None)
    pipe = Pipe(job_process.RenderTask(tmp_path / "talk.mp4"))
    job_process.main(pipe)  # type: ignore[arg-type]
    assert pipe.sent == [UNREADY_SENTENCE]


def quiet(monkeypatch: pytest.MonkeyPatch, module: object) -> None:
    """Let the body of a process run in this one, which is neither polite nor logs its way."""
    monkeypatch.setattr(module, "configure", lambda level: None)
    monkeypatch.setattr("os.nice", lambda by: 0)
    monkeypatch.setattr("signal.signal", lambda *_: None)


@pytest.mark.parametrize(
    ("statement", "code", "said"),
    [
        ("it was revoked on 2026-05-01; ask (gioconda consent state --after-revocation)",
         "revoked", "it was revoked on 2026-05-01; ask"),
        ("it ended on 2026-05-01; ask again, and state it anew (--basis)",
         "expired", "it ended on 2026-05-01; ask again, and state it anew"),
        ("nothing is stated; say so by --basis self", "not_stated", "'basis'"),
        ("this one (of 2025) is a minor's", "refused", "this one (of 2025) is a minor's"),
    ],
)  # fmt: skip
def test_clients_are_told_of_no_command_line(statement: str, code: str, said: str) -> None:
    problem = problem_of(ConsentError(statement, code))
    assert said in problem.message
    assert "--" not in problem.message
    assert "gioconda " not in problem.message
    assert problem.more["reason"] == code
    assert ("day" in problem.more) == (code in ("revoked", "expired"))

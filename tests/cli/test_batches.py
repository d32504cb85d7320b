"""``animate --jobs`` and ``--cluster`` on the command line, as far as no Ray is needed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.cli.test_animate import FAST, complaint, gioconda, write_wav
from typer.testing import CliRunner

from gioconda import Portrait, examples
from gioconda.cli.cluster_option import written_out
from gioconda.cluster.connection import connected, is_address
from gioconda.cluster.renderer import Renderer
from gioconda.cluster.tasks import Heard, Outcome, RenderTask
from gioconda.errors import ClusterError, MissingExtraError, OptionError
from gioconda.trust.consent import requirement
from gioconda.trust.consent.ledger import Ledger
from gioconda.trust.consent.requirement import accept_carried
from gioconda.trust.credentials.reading import read_credentials
from gioconda.trust.provenance import Grant
from gioconda.trust.watermark.keys import own_identifier
from gioconda.video.probe import probe


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A portrait, a second and a half of speech, and a file of controls."""
    import numpy as np

    from gioconda import Sound

    (tmp_path / "ann.png").write_bytes(examples.portrait_path().read_bytes())
    with Sound.open(examples.speech_path()) as sound:
        pcm = np.concatenate(list(sound.chunks()))[16_000:24_000]
    write_wav(tmp_path / "half.wav", pcm)
    (tmp_path / "turned.json").write_text('{"head": 0.5}')
    (tmp_path / "bad.json").write_text('{"hat": 1}')
    return tmp_path


def test_a_list_is_made_row_by_row_and_bad_rows_stop_no_other(folder: Path) -> None:
    (folder / "jobs.csv").write_text(
        "portrait,sound,output,controls\n"
        "ann.png,half.wav,one.mp4,\n"
        "ann.png,none.wav,two.mp4,\n"
        "none.png,half.wav,three.mp4,\n"
        "ann.png,half.wav,four.mp4,bad.json\n"
        "ann.png,half.wav,five.txt,\n"
        "ann.png,half.wav,pictures_%05d.png,\n"
        "ann.png,half.wav,six.webm,turned.json\n"
        "ann.png,half.wav,ann.png,\n"
    )
    code, out, err = gioconda("animate", "--jobs", folder / "jobs.csv", *FAST, "--json")
    assert code == 1
    said = [json.loads(line) for line in out.splitlines()]
    made = [Path(s["output"]).name for s in said if "error" not in s]
    assert made == ["one.mp4", "six.webm"]
    lines = err.splitlines()
    for line, problem in (
        (3, "there is no sound file"), (4, "there is no file"), (5, "'bad.json': "),
        (6, "no suffix"), (7, "no PNG sequences"), (9, "single picture"),
    ):  # fmt: skip
        assert [t for t in lines if f": line {line}, " in t and problem in t], (line, err)
    assert len(lines) == 6
    assert probe(folder / "six.webm").frames == 12
    assert (folder / "ann.png").read_bytes() == examples.portrait_path().read_bytes()


@dataclass
class Elsewhere:
    """Stands for a cluster: its workers lack this machine's ledger, and say what they like.

    Attributes:
        sent: the tasks.
        then: called with the number of a task once its video is made.
        lie: what a worker says that it made a video from, beside the truth.
    """

    there: Path
    sent: list[RenderTask] = field(default_factory=list)
    then: Callable[[int], object] = lambda number: None
    lie: dict[str, Any] = field(default_factory=dict)

    def render_on(
        self, cluster: object, tasks: Iterator[RenderTask], heard: dict[str, Heard]
    ) -> Iterator[Outcome]:
        worker = Renderer(heard.__getitem__)
        for task in tasks:
            self.sent.append(task)
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("GIOCONDA_HOME", str(self.there))
                patch.delenv("GIOCONDA_BASIS")
                accept_carried()
                outcome = worker.render(task)
                requirement._WORKER.clear()
            assert outcome.made_from is not None, outcome.error
            self.then(task.number)
            yield replace(outcome, made_from=replace(outcome.made_from, **self.lie))


@pytest.fixture
def elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """A cluster, and two portraits of somebody whose consent can be revoked."""
    import numpy as np
    from PIL import Image

    with Image.open(folder / "ann.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))[:, ::-1]
    for number in (1, 2):
        Image.fromarray(pixels[: 512 - 4 * number]).save(folder / f"somebody{number}.png")
    made = Elsewhere(folder / "there")
    monkeypatch.setenv("GIOCONDA_HOME", str(folder / "home"))
    alone = SimpleNamespace(cores=1, machines=1)
    monkeypatch.setattr("gioconda.cluster.connection.connected", lambda *_: nullcontext(alone))
    monkeypatch.setattr("gioconda.cluster.batch.render_on", made.render_on)
    return made


def on_a_cluster(folder: Path) -> tuple[int, str]:
    from gioconda.cli.app import app

    pictures = [str(folder / f"somebody{n}.png") for n in (1, 2)]
    command = ["animate", *pictures, str(folder / "half.wav"), "-o", f"{folder / 'v'}/", *FAST]
    done = CliRunner().invoke(app, [*command, "--cluster", "local", "--basis", "artwork", "-q"])
    return done.exit_code, done.output


def videos(folder: Path) -> list[str]:
    return sorted(p.name for p in (folder / "v").iterdir()) if (folder / "v").exists() else []


def test_what_comes_home_is_signed_with_what_was_sent_out(
    folder: Path, elsewhere: Elsewhere
) -> None:
    elsewhere.lie = {"grant": Grant("self", "ff" * 32, ""), "identifier": 5, "live": True}
    code, out = on_a_cluster(folder)
    assert code == 0, out
    assert all(task.grant is not None and task.grant.carried for task in elsewhere.sent)
    for task, name in zip(elsewhere.sent, ("somebody1.mp4", "somebody2.mp4"), strict=True):
        found = read_credentials(folder / "v" / name, ".mp4")
        assert found.valid
        assert task.grant is not None
        assert (found.basis, found.consent) == ("artwork", task.grant.reference)
        assert found.watermark == own_identifier()


@pytest.mark.parametrize(
    ("revoked", "sent", "kept"),
    [(1, 2, ["somebody2.mp4"]), (2, 1, ["somebody1.mp4"])],
)
def test_a_revocation_reaches_a_batch_that_is_made_elsewhere(
    folder: Path, elsewhere: Elsewhere, revoked: int, sent: int, kept: list[str]
) -> None:
    def then(number: int) -> None:
        if number == 0:  # while the first video is made, and before the second is begun
            Ledger().revoke(Portrait.open(folder / f"somebody{revoked}.png").pixels_sha256)

    elsewhere.then = then
    code, out = on_a_cluster(folder)
    assert code == 1
    assert "was revoked" in out
    assert len(elsewhere.sent) == sent
    assert videos(folder) == kept


def test_what_exists_is_replaced_only_if_forced(folder: Path) -> None:
    (folder / "jobs.csv").write_text("portrait,sound,output\nann.png,half.wav,one.mp4\n")
    out = folder / "out"
    out.mkdir()
    (out / "one.mp4").write_bytes(b"mine")
    command = ("animate", "--jobs", folder / "jobs.csv", "-o", f"{out}/", *FAST, "-q")
    code, _, err = gioconda(*command)
    assert code == 1
    assert "exists already" in complaint(err)
    assert (out / "one.mp4").read_bytes() == b"mine"
    code, _, err = gioconda(*command, "--force")
    assert code == 0, err
    assert probe(out / "one.mp4").frames == 12
    assert [p.name for p in out.iterdir()] == ["one.mp4"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("ann.png", "half.wav", "--jobs", "jobs.csv"), "leave out PORTRAIT"),
        (("--jobs", "jobs.csv", "--text", "hello"), "leave out --text"),
        (("--jobs", "jobs.csv", "-o", "one.mp4"), "needs a folder"),
        (("--jobs", "none.csv"), "cannot be read"),
        (("ann.png", "half.wav", "-o", "one.mp4", "--cluster", "local"), "needs a folder"),
        (("ann.png", "half.wav", "-o", "v/", "--cluster=10.0.0.5"), "is not a cluster's address"),
        (("--motion-from", "me.mp4", "ann.png", "--cluster", "local"), "--cluster"),
    ],
)
def test_what_does_not_fit_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], says: str
) -> None:
    from gioconda.cli.app import app

    monkeypatch.chdir(folder)
    (folder / "jobs.csv").write_text("portrait,sound,output\nann.png,half.wav,one.mp4\n")
    done = CliRunner().invoke(app, ["animate", *options])
    assert isinstance(done.exception, OptionError), done.output
    assert says in str(done.exception)
    assert not (folder / "v").exists()


def test_the_address_of_a_cluster_may_be_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert written_out(["--cluster", "a.jpg", "b.wav"]) == ["--cluster=", "a.jpg", "b.wav"]
    assert written_out(["a.jpg", "--cluster"]) == ["a.jpg", "--cluster="]
    assert written_out(["--cluster", "-q"]) == ["--cluster=", "-q"]
    given = ["--cluster", "10.0.0.5:6379", "a.jpg"]
    assert written_out(given) == given
    assert written_out(["--", "--cluster", "a"]) == ["--", "--cluster", "a"]
    assert written_out(["--cluster", "auto"]) == ["--cluster", "auto"]
    (tmp_path / "auto").touch()  # a file of that name is an input
    assert written_out(["--cluster", "auto"]) == ["--cluster=", "auto"]


@pytest.mark.parametrize("text", ["local", "auto", "head:6379", "10.0.0.5:6379", "[::1]:6379"])
def test_addresses(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize("text", ["", "head", "ray://head:10001", "a b:1", "videos/", "x.wav"])
def test_no_addresses(text: str) -> None:
    assert not is_address(text)


def test_a_cluster_that_does_not_answer_is_named() -> None:
    with pytest.raises(ClusterError, match=r"no cluster answers at '127.0.0.1:9'.*ray start"):
        connected("127.0.0.1:9", "this").__enter__()


def test_without_ray_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"requirements-cluster\.lock"):
        connected("local", "making videos on a cluster").__enter__()

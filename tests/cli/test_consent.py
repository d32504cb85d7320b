"""Consent at the command line: stated, asked once, kept, revoked."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.cli.test_animate import FAST, complaint, write_wav

MOTION = "motion.npz"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIOCONDA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("GIOCONDA_BASIS", raising=False)
    return tmp_path / "home"


@pytest.fixture
def face(astronaut: np.ndarray, tmp_path: Path) -> Path:
    """A picture of which no consent is shipped."""
    path = tmp_path / "face.png"
    Image.fromarray(np.ascontiguousarray(astronaut[:, ::-1])).save(path)
    return path


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "sound.wav", 0.1 * np.sin(np.arange(6000) / 9))


def gioconda(*args: object, cwd: Path | None = None) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "gioconda", *map(str, args)], capture_output=True, text=True,
        timeout=300, stdin=subprocess.DEVNULL, cwd=cwd,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def at_terminal(answers: list[tuple[str, str]], *args: object) -> tuple[int, str]:
    """Run a command at a terminal; answer each question once it has been asked."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "gioconda", *map(str, args)], stdin=theirs, stdout=theirs,
        stderr=theirs, close_fds=True,
    )  # fmt: skip
    os.close(theirs)
    seen, left, until = "", list(answers), time.monotonic() + 120
    while time.monotonic() < until:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                data = os.read(ours, 4096)
            except OSError:  # its end is closed
                break
            if not data:
                break
            seen += data.decode(errors="replace")
        if left and left[0][0] in seen:
            os.write(ours, left.pop(0)[1].encode() + b"\n")
    os.close(ours)
    assert not left, seen
    return running.wait(60), " ".join(seen.split())  # lines are wrapped


def test_without_a_terminal_it_names_the_option(
    home: Path, face: Path, sound: Path, tmp_path: Path
) -> None:
    target = tmp_path / "talk.mp4"
    code, _, err = gioconda("animate", face, sound, "-o", target, *FAST)
    assert code == 1
    assert "--basis" in complaint(err)
    assert not target.exists()
    assert not home.exists()


def test_it_is_stated_by_an_option_once(home: Path, face: Path, sound: Path) -> None:
    target = face.with_name("talk.mp4")
    for more in (("--basis", "artwork"), ("--force",)):
        code, _, err = gioconda("animate", face, sound, "-o", target, *FAST, *more)
        assert code == 0, err
    code, out, _ = gioconda("consent", "list", "--json")
    [record] = json.loads(out)["records"]
    assert (record["state"], record["via"]) == ("valid", "option")
    assert record["statement"] == {"basis": "artwork", "language": "en"}
    assert face.name not in (home / "consent.json").read_text()


def test_it_is_asked_once_at_a_terminal(home: Path, face: Path, sound: Path) -> None:
    target = face.with_name("talk.mp4")
    answers = [
        ("Number or name", "5"),  # there is none
        ("there is no '5'", "2"),
        ("under 18?", "no"),
        ("Who has permitted it?", "Ann Example"),
        ("When?", "2026-01-02"),
        ("Until when?", "2099-12-31"),
        ("Do you state this?", "yes"),
    ]
    code, seen = at_terminal(answers, "animate", face, sound, "-o", target, *FAST)
    assert code == 0, seen
    assert "can lie; but what is said here is kept on record" in seen
    for words in ("it shows me", "the person shown has permitted it", "generated"):
        assert words in seen
    assert target.exists()
    code, seen = at_terminal([], "animate", face, sound, "-o", target, *FAST, "--force")
    assert code == 0
    assert "basis" not in seen
    record = json.loads(gioconda("consent", "list", "--json")[1])["records"]
    assert [r["via"] for r in record] == ["terminal"]
    assert record[0]["statement"]["until"] == "2099-12-31"


def test_nothing_is_made_where_nothing_is_said(home: Path, face: Path, sound: Path) -> None:
    target = face.with_name("talk.mp4")
    for answers in (
        [("Number or name", "")],
        [("Number or name", "artwork"), ("Do you state this?", "no")],
    ):
        code, seen = at_terminal(answers, "animate", face, sound, "-o", target, *FAST)
        assert code == 1
        assert "nothing is made" in seen
    assert not target.exists()
    assert not (home / "consent.json").exists()


def test_a_minor_needs_a_guardian(home: Path, face: Path) -> None:
    asked = [
        ("Number or name", "self"), ("under 18?", "yes"), ("Name of the guardian", "Ben Example"),
        ("Relation", "father"), ("When did they", ""), ("Do you state this?", "y"),
    ]  # fmt: skip
    code, _, err = gioconda("consent", "state", face, "--basis", "self", "--minor")
    assert code == 2
    assert "guardian" in complaint(err)
    code, _, err = gioconda("consent", "state", face, "--basis", "self")
    assert code == 2
    assert "--adult or --minor" in complaint(err)
    code, seen = at_terminal(asked, "consent", "state", face)
    assert code == 0, seen
    out = gioconda("consent", "show", face)[1]
    assert "Ben Example, father" in out
    assert "legal guardian" in out


def test_revoked_is_shown_exported_and_only_undone_on_purpose(
    home: Path, face: Path, sound: Path, tmp_path: Path
) -> None:
    gioconda("consent", "state", face, "--basis", "artwork")
    code, out, _ = gioconda("consent", "revoke", face, "--reason", "she asked me to")
    assert code == 0
    reference = out.split()[1].rstrip(".")
    target = tmp_path / "talk.mp4"
    for more in ((), ("--basis", "artwork"), ("--basis", "synthetic")):
        code, _, err = gioconda("animate", face, sound, "-o", target, *FAST, *more)
        assert code == 1
        assert "revoked" in complaint(err)
    assert not target.exists()
    assert "she asked me to" in gioconda("consent", "show", reference)[1]
    code, _, err = gioconda("consent", "state", face, "--basis", "artwork")
    assert code == 1
    assert "--after-revocation" in complaint(err)
    code, _, err = gioconda("consent", "state", face, "--basis", "artwork", "--after-revocation")
    assert code == 0, err
    assert "after the revocation of" in gioconda("consent", "list")[1]
    kept = tmp_path / "ledger.json"
    assert gioconda("consent", "export", kept)[0] == 0
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    records = json.loads(kept.read_text())["records"]
    assert [r["state"] for r in records] == ["revoked", "valid"]
    assert records[1]["after"] == records[0]["reference"]
    assert "secret" not in json.loads(kept.read_text())
    assert gioconda("consent", "export", kept)[0] == 1, "an existing file is kept"


def test_an_expired_permission_is_refused(home: Path, face: Path, sound: Path) -> None:
    given = ("--basis", "permission", "--of", "Ann", "--adult", "--until", "2020-01-01")
    code, _, err = gioconda("animate", face, sound, "-o", face.with_name("t.mp4"), *FAST, *given)
    assert code == 1
    assert "ended on 2020-01-01" in complaint(err)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--of", "Ann"), "--of goes with --basis"),
        (("--adult",), "--adult goes with --basis"),
        (("--basis", "love"), "self, permission, artwork, synthetic"),
        (("--basis", "artwork", "--minor"), "leave out what is said of one: minor"),
        (
            ("--basis", "artwork", "--adult", "--of", "Ann"),
            "leave out what is said of one: of, minor",
        ),
        (("--basis", "synthetic", "--given", "2026-01-01"), "leave out what is said of one: given"),
        (("--basis", "permission", "--until", "soon"), "2026-12-31"),
        ((), "say the basis"),
        (("--basis", "self", "--adult", "--given", "2999-01-01"), "which is to come"),
        (
            ("--basis", "permission", "--given", "2026-01-02", "--until", "2026-01-01"),
            "before it was given",
        ),
        (("--basis", "self", "--adult", "--statement", "a.wav"), "--phrase"),
        (("--basis", "self", "--adult", "--keep-statement"), "--statement"),
    ],
)
def test_options_that_say_nothing_are_refused(
    home: Path, face: Path, options: tuple[str, ...], word: str
) -> None:
    code, _, err = gioconda("consent", "state", face, *options)
    assert code == 2
    assert word in complaint(err)
    assert not (home / "consent.json").exists()


def test_a_batch_asks_for_each_portrait_before_anything_is_made(
    home: Path, face: Path, sound: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.png"
    with Image.open(face) as picture:
        picture.crop((0, 0, 504, 512)).save(other)
    answers = [
        (f"may {face.name} be animated", "artwork"),
        ("Do you state this?", "yes"),
        (f"may {other.name} be animated", "none"),
        ("there is no 'none'", ""),
    ]
    folder = f"{tmp_path / 'videos'}/"
    code, seen = at_terminal(answers, "animate", face, other, sound, "-o", folder, *FAST)
    assert code == 1
    assert seen.index(f"may {other.name}") < seen.index("1/2"), "before the first is made"
    assert [p.name for p in (tmp_path / "videos").iterdir()] == ["face.mp4"]
    assert "nothing was stated" in seen


def test_a_list_may_name_the_basis_of_each(
    home: Path, face: Path, sound: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.png"
    with Image.open(face) as picture:
        picture.crop((0, 0, 504, 512)).save(other)
    (tmp_path / "jobs.csv").write_text(
        f"portrait,sound,output,basis\n{face.name},{sound.name},a.mp4,artwork\n"
        f"{other.name},{sound.name},b.mp4,\n"
    )
    code, _, err = gioconda("animate", "--jobs", tmp_path / "jobs.csv", *FAST, "--quiet")
    assert code == 1
    assert "line 3, " in complaint(err)
    assert (tmp_path / "a.mp4").exists()
    assert not (tmp_path / "b.mp4").exists()
    code, _, err = gioconda(
        "animate", "--jobs", tmp_path / "jobs.csv", *FAST, "--quiet", "--force", "--basis",
        "synthetic",
    )  # fmt: skip
    assert code == 0, err
    found = json.loads(gioconda("consent", "list", "--json")[1])["records"]
    assert [r["statement"]["basis"] for r in found] == ["artwork", "synthetic"]


def test_the_demo_asks_nobody(home: Path, tmp_path: Path) -> None:
    code, _, err = gioconda("inspect", _example(), "-o", tmp_path / "sheet.png", "--size", 256)
    assert code == 0, err
    assert not (home / "consent.json").exists()
    out = gioconda("consent", "show", _example())[1]
    assert "real person" in out
    assert "shipped" in out


def _example() -> Path:
    from gioconda import examples

    return examples.portrait_path()


@pytest.mark.parametrize("command", ["animate", "say", "render", "live", "inspect", "motion-from"])
def test_every_command_that_moves_a_face_refuses_a_revoked_one(
    home: Path, face: Path, sound: Path, tmp_path: Path, command: str
) -> None:
    from gioconda.motion import Motion, neutral

    gioconda("consent", "state", face, "--basis", "synthetic")
    gioconda("consent", "revoke", face)
    Motion(np.stack([neutral()] * 25), 50.0).save(tmp_path / MOTION)
    target = tmp_path / "out.mp4"
    arguments = {
        "animate": ("animate", face, sound, "-o", target, *FAST),
        "say": ("say", "Hello.", "--portrait", face, "-o", target, *FAST),
        "render": ("render", face, tmp_path / MOTION, "-o", target, *FAST),
        "live": ("live", face, "--from", sound, "--to", target, "--size", "256"),
        "inspect": ("inspect", face, "-o", tmp_path / "out.png", "--size", "256"),
        "motion-from": ("animate", face, "--motion-from", sound, "-o", target, *FAST),
    }[command]
    for basis in ((), ("--basis", "artwork")):
        code, _, err = gioconda(*arguments, *basis)
        assert code == 1
        assert "was revoked on" in err
        assert not list(tmp_path.glob("out.*"))


def test_a_picture_nobody_spoke_of_is_refused_beforehand(
    home: Path, face: Path, sound: Path, tmp_path: Path
) -> None:
    code, out, _ = gioconda("consent", "revoke", face, "--reason", "never me")
    assert code == 0
    assert out.startswith("refused beforehand: ")
    code, _, err = gioconda(
        "animate", face, sound, "-o", tmp_path / "t.mp4", "--basis", "synthetic"
    )
    assert code == 1
    assert "refused beforehand" in complaint(err)
    assert "refused beforehand" in gioconda("consent", "list")[1]
    shown = gioconda("consent", "show", face)[1]
    assert "state      refused beforehand" in shown
    assert "never me" in shown
    gioconda("consent", "export", tmp_path / "l.json")
    [record] = json.loads((tmp_path / "l.json").read_text())["records"]
    assert (record["state"], record["statement"]) == ("refused beforehand", None)


def test_the_list_tells_portraits_apart_and_shows_one_alone(
    home: Path, face: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.png"
    with Image.open(face) as picture:
        picture.crop((0, 0, 504, 512)).save(other)
    gioconda("consent", "state", face, "--basis", "artwork")
    gioconda("consent", "state", other, "--basis", "permission", "--of", "Ann", "--adult")
    first, second = gioconda("consent", "list")[1].splitlines()
    assert re.fullmatch(r"[0-9a-f]{12}  \d{4}-\d\d-\d\d \d\d:\d\d  valid, artwork", first)
    assert second.endswith("valid, permission, of Ann")
    assert gioconda("consent", "list", other)[1].splitlines() == [second]


def test_a_file_that_is_missing_is_told(home: Path) -> None:
    for command in ("show", "list", "revoke"):
        code, _, err = gioconda("consent", command, "missing.png")
        assert code == 1
        assert "there is no file 'missing.png'" in complaint(err)


def test_a_folder_that_cannot_be_used_has_one_voice(
    home: Path, face: Path, sound: Path, tmp_path: Path
) -> None:
    home.write_text("")
    for command in (
        ("trust", "show"),
        ("consent", "list"),
        ("animate", face, sound, "-o", tmp_path / "t.mp4"),
    ):
        code, _, err = gioconda(*command)
        assert code == 1
        assert f"'{home}" in complaint(err)
        assert "name another folder by GIOCONDA_HOME" in complaint(err)


def test_first_keys_are_told_of_once(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gioconda import examples
    from gioconda.cli.consent_options import NOTHING
    from gioconda.cli.consenting import granted_of
    from gioconda.cli.voice import Voice

    granted_of([str(examples.portrait_path())], NOTHING, Voice(quiet=True))
    assert capsys.readouterr().err == ""
    shutil.rmtree(home)
    for times in (1, 0):
        granted_of([str(examples.portrait_path())], NOTHING, Voice())
        said = capsys.readouterr().err
        assert said.count(f"made this installation's own keys in '{home}'") == times

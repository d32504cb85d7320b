"""The command line end to end, on the example and on every kind of bad input."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gioconda import examples
from gioconda.trust.credentials.reading import read_credentials
from gioconda.video import read_frames
from gioconda.video.probe import probe

FAST = ("--size", "256", "--fps", "24")


def gioconda(*args: object, stdin: bytes | None = None, cwd: Path | None = None) -> tuple:
    """Run the command line; return (exit code, standard output, standard error)."""
    done = subprocess.run(
        [sys.executable, "-m", "gioconda", *map(str, args)],
        capture_output=True, input=stdin, cwd=cwd, timeout=300,
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def complaint(error: str) -> str:
    """Return the one sentence of a refusal; fail if there is a traceback or more than one."""
    lines = [line for line in error.strip().splitlines() if line]
    assert len(lines) == 1, error
    assert lines[0].startswith("gioconda: "), error
    return lines[0]


def write_wav(path: Path, samples: np.ndarray, rate_hz: int = 16_000) -> Path:
    with wave.open(str(path), "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(rate_hz)
        f.writeframes((np.asarray(samples) * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture(scope="session")
def face() -> Path:
    return examples.portrait_path()


@pytest.fixture(scope="session")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Just over a second of the example speech."""
    from gioconda import Sound

    with Sound.open(examples.speech_path()) as sound:
        pcm = np.concatenate(list(sound.chunks()))[16_000:34_000]
    return write_wav(tmp_path_factory.mktemp("sound") / "short.wav", pcm)


def test_a_portrait_speaks(face: Path, short: Path, tmp_path: Path) -> None:
    target = tmp_path / "talk.mp4"
    code, out, err = gioconda("animate", face, short, "-o", target, *FAST)
    assert code == 0, err
    assert "frames a second" in out
    assert "marked as synthetic, signed by this installation's key" in out
    assert read_credentials(target, ".mp4").valid
    video = probe(target)
    assert (video.width, video.height) == (256, 256)
    assert video.fps == pytest.approx(24)
    assert video.frames == math.ceil(18_000 / 16_000 * 24)
    assert video.audio_rate_hz == 16_000
    assert [p.name for p in tmp_path.iterdir()] == ["talk.mp4"]


def test_json_says_what_was_made(face: Path, short: Path, tmp_path: Path) -> None:
    target = tmp_path / "talk.webm"
    code, out, err = gioconda("animate", face, short, "-o", target, *FAST, "--json")
    assert code == 0, err
    data = json.loads(out)
    assert data["output"] == str(target)
    assert data["frames"] == 27
    assert data["stages_ms"]["render"] > 0
    assert data["credentials"] == "signed by this installation's key"
    assert err == ""


def test_the_label_is_written_on_request(face: Path, short: Path, tmp_path: Path) -> None:
    for name, options in (("plain", []), ("label", ["--label"])):
        target = tmp_path / f"{name}.mp4"
        code, _, err = gioconda("animate", face, short, "-o", target, *FAST, *options)
        assert code == 0, err
    first = [next(read_frames(tmp_path / f"{name}.mp4"))[1] for name in ("plain", "label")]
    changed = np.abs(first[0].astype(int) - first[1]).max(axis=2) > 40
    rows, columns = np.nonzero(changed)
    assert rows.min() > 0.85 * 256  # in a corner below
    assert len(rows) > 100
    assert columns.max() - columns.min() < 0.4 * 256


def test_an_existing_file_is_kept_unless_forced(face: Path, short: Path, tmp_path: Path) -> None:
    target = tmp_path / "talk.mp4"
    target.write_bytes(b"precious")
    code, _, err = gioconda("animate", face, short, "-o", target, *FAST)
    assert code == 1
    assert "--force" in complaint(err)
    assert target.read_bytes() == b"precious"
    code, _, err = gioconda("animate", face, short, "-o", target, *FAST, "--force", "--quiet")
    assert (code, err) == (0, "")
    assert probe(target).frames == 27


def test_an_input_is_never_overwritten(face: Path, short: Path, tmp_path: Path) -> None:
    copy = tmp_path / "sound.mp4"
    copy.write_bytes(short.read_bytes())
    code, _, err = gioconda("animate", face, copy, "-o", copy, "--force")
    assert code == 1
    assert "is an input" in complaint(err)
    assert copy.read_bytes() == short.read_bytes()


def test_sound_comes_from_standard_input(face: Path, short: Path, tmp_path: Path) -> None:
    target = tmp_path / "talk.mp4"
    code, _, err = gioconda("animate", face, "-", "-o", target, *FAST, stdin=short.read_bytes())
    assert code == 0, err
    assert probe(target).frames == 27


def test_odd_paths_and_the_usual_tools_names(face: Path, short: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mit Leer: 顔 é"
    folder.mkdir()
    picture, sound = folder / "a: 顔.png", folder / "voix: é.wav"
    picture.write_bytes(face.read_bytes())
    sound.write_bytes(short.read_bytes())
    target = folder / "sortie: ü.mp4"
    code, _, err = gioconda(
        "animate", "--source_image", picture, "--driven_audio", sound, "-o", target, *FAST
    )
    assert code == 0, err
    assert probe(target).frames == 27


def test_a_batch_skips_what_is_bad(face: Path, short: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    copy = tmp_path / "other" / "astronaut.png"
    copy.parent.mkdir()
    copy.write_bytes(face.read_bytes())
    folder = tmp_path / "videos"
    code, _, err = gioconda("animate", face, bad, copy, short, "-o", folder, *FAST)
    assert code == 1
    assert "bad.png" in err
    assert "2 of 3 made" in err
    assert sorted(p.name for p in folder.iterdir()) == ["astronaut-2.mp4", "astronaut.mp4"]


def test_a_transparent_background_needs_a_format_for_it(
    face: Path, short: Path, tmp_path: Path
) -> None:
    code, _, err = gioconda(
        "animate", face, short, "-o", tmp_path / "talk.mp4", *FAST, "--background", "none"
    )
    assert code == 2
    assert ".webm" in complaint(err)
    code, _, err = gioconda("animate", face, short, *FAST, "--background", "none", cwd=tmp_path)
    assert code == 0, err
    assert [p.name for p in tmp_path.iterdir()] == [f"{face.stem}.webm"]


def test_a_background_picture_is_an_input_too(face: Path, short: Path, tmp_path: Path) -> None:
    picture = tmp_path / "behind.gif"
    picture.write_bytes(face.read_bytes())
    before = picture.read_bytes()
    code, _, error = gioconda(
        "animate", face, short, "-o", picture, "--background", picture, "--force"
    )
    assert code != 0
    assert "is an input" in complaint(error)
    assert picture.read_bytes() == before


def test_a_wrong_background_is_refused_before_any_work(
    face: Path, short: Path, tmp_path: Path
) -> None:
    for wrong in ("gren", "#12", str(short)):
        code, _, err = gioconda(
            "animate", face, short, "-o", tmp_path / "talk.mp4", "--background", wrong
        )
        assert code == 2
        assert "background" in complaint(err)
    assert not list(tmp_path.iterdir())


def test_several_portraits_need_a_folder(face: Path, short: Path, tmp_path: Path) -> None:
    code, _, err = gioconda("animate", face, face, short, "-o", tmp_path / "talk.mp4")
    assert code == 2
    assert "folder" in complaint(err)


def test_every_control_changes_the_picture(face: Path, short: Path, tmp_path: Path) -> None:
    def last_frame(*options: str) -> np.ndarray:
        target = tmp_path / "talk.mkv"
        code, _, err = gioconda(
            "animate", face, short, "-o", target, *FAST, "--blinks", "0", "--force", *options
        )
        assert code == 0, err
        *_, (_, image) = read_frames(target)
        return image.astype(int)

    usual = last_frame()
    assert np.abs(last_frame() - usual).max() == 0
    for options in (
        ("--gaze", "15,-5"), ("--distance", "1.2"), ("--emotion", "happy:0.8"),
        ("--expression", "0"), ("--head", "0"), ("--seed", "3"), ("--still",),
        ("--background", "teal"), ("--background", "blur"),
    ):  # fmt: skip
        assert np.abs(last_frame(*options) - usual).mean() > 0.1, options
    assert last_frame("--framing", "full").shape == (512, 512, 3)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--fps", "10"], "between 24 and 60"),
        (["--fps", "nan"], "between 24 and 60"),
        (["--size", "500"], "256, 512, 768, 1024"),
        (["--framing", "wide"], "'crop' or 'full'"),
        (["--emotion", "grumpy"], "neutral, happy, sad"),
        (["--emotion", "happy:lots"], "must be a number"),
        (["--emotion", "happy:"], "must be a number"),
        (["--emotion", "sad:0.8+tender:0.3"], "add up to 1.1; 1 at most"),
        (["--emotion", "sad:0.1+tender:0.3+happy:0.1"], "2 at most"),
        (["--gaze", "40,0"], "between -30 and 30"),
        (["--gaze", "4"], "YAW,PITCH|two angles"),
        (["--distance", "9"], "between 0.7 and 2"),
        (["--blinks", "-1"], "between 0 and 2"),
        (["--face", "7"], "face"),
    ],
)
def test_bad_options_say_their_range(
    face: Path, short: Path, tmp_path: Path, options: list[str], says: str
) -> None:
    code, out, err = gioconda("animate", face, short, "-o", tmp_path / "t.mp4", *options)
    assert code == 2
    assert out == ""
    assert re.search(says, complaint(err))
    assert list(tmp_path.iterdir()) == []


def test_bad_inputs_are_one_sentence_and_leave_nothing(
    face: Path, short: Path, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    out = tmp_path / "out"
    out.mkdir()

    def make(name: str, content: bytes) -> Path:
        (work / name).write_bytes(content)
        return work / name

    no_face = work / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)).save(
        no_face
    )
    small = work / "small.png"
    Image.open(face).convert("RGB").resize((128, 128)).save(small)
    nan = work / "nan.wav"
    import av

    with av.open(str(nan), "w", format="wav") as container:
        stream = container.add_stream("pcm_f32le", rate=16_000, layout="mono")
        block = np.zeros((1, 16_000), np.float32)
        block[0, 500] = np.nan
        frame = av.AudioFrame.from_ndarray(block, "flt", "mono")
        frame.rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    cases: list[tuple[Path, Path, str]] = [
        (work / "none.png", short, "none.png"),
        (work, short, "folder|directory"),
        (make("text.png", b"hello"), short, "not an image|picture"),
        (make("cut.png", face.read_bytes()[:90_000]), short, "truncated|damaged|incomplete"),
        (no_face, short, "no (human )?face"),
        (small, short, "px"),
        (face, work / "none.wav", "none.wav"),
        (face, make("text.wav", b"hello"), "not a sound"),
        (face, face, "sound|audio"),
        (face, write_wav(work / "empty.wav", np.zeros(0)), "no samples|empty|zero"),
        (face, nan, "NaN"),
    ]
    for picture, sound, says in cases:
        code, stdout, err = gioconda("animate", picture, sound, "-o", out / "talk.mp4", *FAST)
        assert code == 1, (picture, sound, err)
        assert stdout == ""
        assert re.search(says, complaint(err), re.IGNORECASE), err
        assert list(out.iterdir()) == []


def test_targets_that_cannot_be_written(face: Path, short: Path, tmp_path: Path) -> None:
    for target, says in (
        (tmp_path / "no" / "t.mp4", "folder"),
        (tmp_path / "talk.docx", ".mp4"),
        (tmp_path / "talk", ".mp4"),
        (tmp_path / f"{'long' * 80}.mp4", "too long"),
        ("", "name|'"),
        ("-", ".mp4|name"),
    ):
        code, out, err = gioconda("animate", face, short, "-o", target)
        assert code in (1, 2), target
        assert out == ""
        assert re.search(says, complaint(err)), err
        assert list(tmp_path.iterdir()) == []


def test_a_failed_batch_leaves_no_empty_folder(short: Path, tmp_path: Path) -> None:
    code, _, err = gioconda("animate", "none1.png", "none2.png", short, "-o", tmp_path / "videos")
    assert code == 1
    assert "none1.png" in err
    assert list(tmp_path.iterdir()) == []


def test_a_picture_sequence_never_replaces_its_inputs(
    face: Path, short: Path, tmp_path: Path
) -> None:
    picture, sound = tmp_path / "frame_00000.png", tmp_path / "other_1.png"
    picture.write_bytes(face.read_bytes())
    sound.write_bytes(b"somebody else's")
    code, _, err = gioconda(
        "animate", picture, short, "-o", tmp_path / "frame_%05d.png", *FAST, "--force"
    )
    assert code == 1
    assert "is an input" in complaint(err)
    assert picture.read_bytes() == face.read_bytes()
    code, _, err = gioconda("animate", picture, short, "-o", tmp_path / "other_%05d.png", *FAST)
    assert code == 0, err
    assert sound.read_bytes() == b"somebody else's"
    assert len(list(tmp_path.glob("other_000*.png"))) == 27


def test_quiet_is_quiet(face: Path, short: Path, tmp_path: Path) -> None:
    code, out, err = gioconda("animate", face, short, "-o", tmp_path / "a.gif", *FAST, "--quiet")
    assert (code, out, err) == (0, "", "")
    code, out, err = gioconda("animate", face, short, "-o", tmp_path / "b.gif", *FAST)
    assert code == 0
    assert "sound" in err


def test_a_full_output_is_one_sentence(face: Path, short: Path, tmp_path: Path) -> None:
    target = tmp_path / "talk.mp4"
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gioconda", "animate", face, short, "-o", target, *FAST],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "No space left" in done.stderr
    assert probe(target).frames == 27


@pytest.mark.parametrize("seconds", [0.16, 1.0])
def test_very_short_silent_and_noisy_sounds_are_valid(
    face: Path, tmp_path: Path, seconds: float
) -> None:
    n = int(16_000 * seconds)
    noise = np.random.default_rng(1).normal(0, 0.02, n)
    for name, samples in (("silence", np.zeros(n)), ("noise", noise)):
        sound = write_wav(tmp_path / f"{name}.wav", samples)
        target = tmp_path / f"{name}.mp4"
        code, _, err = gioconda("animate", face, sound, "-o", target, *FAST)
        assert code == 0, err
        assert probe(target).frames == math.ceil(seconds * 24)

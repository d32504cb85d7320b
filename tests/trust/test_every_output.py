"""Whatever Gioconda writes carries credentials, watermark and metadata."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.trust.conftest import Read, detected
from typer.testing import CliRunner

import gioconda
from gioconda import Portrait, Sound, animate, examples, open_writer, render_motion
from gioconda.errors import OutputError, TrustError
from gioconda.frame_maker import FrameMaker
from gioconda.live import Session
from gioconda.live.host.encoders import create_encoder
from gioconda.live.outputs import open_output
from gioconda.live.packets import Kind
from gioconda.motion import Motion, neutral
from gioconda.trust.credentials.reading import read_credentials
from gioconda.trust.provenance import Provenance, are_marked
from gioconda.trust.watermark.keys import own_identifier

Reading = Callable[[Path], Read]
#: IPTC's vocabulary of what a picture comes from, in the plain metadata.
SOURCE_TYPE = b"http://cv.iptc.org/newscodes/digitalsourcetype/"


@pytest.fixture
def sound(speech: np.ndarray) -> Sound:
    return Sound.from_array(speech, 16_000)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.webm", "a.gif", "a_%03d.png"])
def test_a_saved_animation(
    portrait: Portrait, sound: Sound, tmp_path: Path, read: Reading, name: str
) -> None:
    report = animate(portrait, sound, fps=25, basis="artwork").save(tmp_path / name)
    assert report.credentials == "signed by this installation's key"
    found = read(tmp_path / name.replace("%03d", "000"))
    found.check()
    assert found.credentials.source_type == "compositeWithTrainedAlgorithmicMedia"
    assert [i.role for i in found.credentials.ingredients] == ["portrait", "sound"]
    assert SOURCE_TYPE in found.raw
    # Nothing of the portrait or the sound is in it but a salted hash.
    digests = [i.sha256.hex() for i in animate(portrait, sound).provenance.ingredients]
    assert not any(digest.encode() in found.raw for digest in digests)
    if name == "a_%03d.png":
        assert all(read_credentials(p, ".png").valid for p in tmp_path.glob("*.png"))
        assert sorted(p.suffix for p in tmp_path.iterdir())[-1] == ".wav"


@pytest.mark.parametrize("name", ["a.webm", "a.mov"])
def test_a_transparent_one(
    portrait: Portrait, sound: Sound, tmp_path: Path, read: Reading, name: str
) -> None:
    animate(portrait, sound, fps=25, background="none").save(tmp_path / name)
    found = read(tmp_path / name)
    found.check_said()
    assert found.credentials.watermark == own_identifier()


def test_motion_of_a_file_and_of_a_person(
    portrait: Portrait, tmp_path: Path, read: Reading
) -> None:
    motion = Motion(np.zeros((12, 60), np.float32), 25)
    render_motion(portrait, motion, fps=25).save(tmp_path / "file.mp4")
    video = tmp_path / "file.mp4"
    render_motion(portrait, motion, fps=25, person_in=video).save(tmp_path / "person.mp4")
    for name in ("file", "person"):
        found = read(tmp_path / f"{name}.mp4")
        found.check()
        assert found.credentials.source_type == "compositeSynthetic"
        assert [i.role for i in found.credentials.ingredients] == ["portrait", "motion"]


@pytest.mark.parametrize("name", ["talk.mp4", "talk_%02d.png"])
def test_what_ctrl_c_leaves(
    portrait: Portrait, sound: Sound, tmp_path: Path, read: Reading, name: str
) -> None:
    def stop(done: float, of: float | None) -> None:
        if done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        animate(portrait, sound, fps=25).save(tmp_path / name, progress=stop)
    (left,) = tmp_path.glob("*.mp4") if name == "talk.mp4" else [sorted(tmp_path.glob("*.png"))[0]]
    assert ".partial" in left.name
    read(left).check(partial=True)


def test_foreign_frames_are_marked_by_the_writer(
    portrait: Portrait, tmp_path: Path, read: Reading
) -> None:
    plain = portrait.view(512).image
    assert detected([plain]).verdict == "not_detected"
    with open_writer(tmp_path / "a.mp4", 512, 512, 25) as writer:
        for _ in range(12):
            writer.write(plain)
    found = read(tmp_path / "a.mp4")
    found.check_said()
    assert found.credentials.watermark == own_identifier()
    assert found.watermark is not None
    assert found.watermark.identifier == own_identifier()


def test_a_provenance_made_by_hand_leaves_no_frame_unmarked(
    portrait: Portrait, tmp_path: Path, read: Reading
) -> None:
    image, by_hand = portrait.view(512).image, Provenance(identifier=own_identifier())
    with open_writer(tmp_path / "a.mp4", 512, 512, 25, provenance=by_hand) as writer:
        for _ in range(12):
            writer.write(image)
    output = open_output(str(tmp_path / "b.mp4"), 512, 512, 25, sound=False, provenance=by_hand)
    for k in range(12):
        output.write_frame(image, k / 25)
    output.close()
    for name in ("a.mp4", "b.mp4"):
        found = read(tmp_path / name).watermark
        assert found is not None
        assert (found.verdict, found.identifier) == ("detected", own_identifier())


def test_what_was_made_here_is_known_by_itself_and_by_no_copy(portrait: Portrait) -> None:
    made = gioconda.Session(portrait).provenance
    assert are_marked(made)
    assert are_marked(made.stopped())
    assert made == pickle.loads(pickle.dumps(made))
    assert not are_marked(pickle.loads(pickle.dumps(made)))
    assert not are_marked(Provenance(made.driver, made.grant, made.ingredients, made.identifier))


def test_frames_of_a_session_in_ones_own_writer(
    portrait: Portrait, speech: np.ndarray, tmp_path: Path, read: Reading
) -> None:
    animation = animate(portrait, Sound.from_array(speech, 16_000), fps=25)
    with open_writer(tmp_path / "a.mp4", 512, 512, 25, provenance=animation.provenance) as writer:
        for frame in animation.frames():
            writer.write(frame.image)
    read(tmp_path / "a.mp4").check()


@pytest.mark.parametrize("name", ["a.mp4", "a_%d.png"])
def test_without_a_signature_there_is_no_file(
    portrait: Portrait, sound: Sound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def refuse(*_: object) -> None:
        raise TrustError("the key cannot be read")

    monkeypatch.setattr("gioconda.video.sealing.seal", refuse)
    with pytest.raises(TrustError, match="the key cannot be read"):
        animate(portrait, sound, fps=25, size=256).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".flv"])
def test_a_live_file(
    portrait: Portrait, speech: np.ndarray, tmp_path: Path, read: Reading, suffix: str
) -> None:
    session = Session(portrait, fps=25)
    session.push_audio(speech)
    target = tmp_path / f"a{suffix}"
    output = open_output(str(target), 512, 512, 25, provenance=session.provenance)
    for k in range(25):
        step = session.step(0.04 * k)
        if step.audio is not None:
            output.write_audio(step.audio.pcm, step.audio.sample)
        if step.frame is not None:
            output.write_frame(step.frame.image, step.frame.time_s)
    output.close()
    found = read(target)
    found.check(live=True)
    assert [i.role for i in found.credentials.ingredients] == ["portrait"]


def test_a_live_file_that_cannot_be_signed_is_not_kept(
    portrait: Portrait, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise TrustError("the key cannot be read")

    monkeypatch.setattr("gioconda.live.outputs.file.seal", refuse)
    output = open_output(str(tmp_path / "a.mp4"), 256, 256, 25)
    output.write_frame(portrait.view(256).image, 0.0)
    with pytest.raises(TrustError, match="the key cannot be read"):
        output.close()
    assert list(tmp_path.iterdir()) == []


def test_what_is_kept_of_a_live_file_that_failed_is_signed(
    portrait: Portrait, tmp_path: Path, read: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(portrait, fps=25)
    output = open_output(
        str(tmp_path / "a.mp4"), 512, 512, 25, sound=False, provenance=session.provenance
    )

    def fail(*_: object) -> None:
        raise ValueError("an encoder gave up")

    monkeypatch.setattr("gioconda.live.outputs.muxing.Muxer.finish", fail)
    for k in range(80):
        step = session.step(0.04 * k)
        if step.frame is not None:
            output.write_frame(step.frame.image, step.frame.time_s)
    with pytest.raises(OutputError, match=r"what was recorded is in 'a\.partial\.mp4'"):
        output.close()
    (left,) = tmp_path.iterdir()
    read(left).check(live=True, partial=True)


@pytest.mark.parametrize("kind", [Kind.H264, Kind.VP8, Kind.JPEG])
def test_live_packets(portrait: Portrait, kind: Kind) -> None:
    import av

    maker, encoder = FrameMaker(portrait), create_encoder(kind, 512, 512, 25)
    packets = [
        data
        for k in range(12)
        for data, _ in encoder.encode(maker.frame(neutral()), k / 25, k == 0)
    ]
    if kind is Kind.JPEG:
        frames = [np.asarray(Image.open(io.BytesIO(data))) for data in packets]
        for data in packets:
            assert SOURCE_TYPE in Image.open(io.BytesIO(data)).info["xmp"]
    else:
        decoder = av.CodecContext.create("h264" if kind is Kind.H264 else "vp8", "r")
        shown = [f for data in packets for f in decoder.decode(av.Packet(data))]
        frames = [f.to_ndarray(format="gray") for f in [*shown, *decoder.decode(None)]]
    found = detected(frames)
    assert (found.verdict, found.identifier) == ("detected", own_identifier())


@pytest.mark.parametrize(("format", "tag"), [("flv", "comment"), ("mpegts", "service_name")])
def test_streams_say_so_in_their_container(portrait: Portrait, format: str, tag: str) -> None:
    import av

    from gioconda.live.outputs.muxing import Muxer, as_i420, i420_shape
    from gioconda.live.outputs.plan import Plan
    from gioconda.live.outputs.timeline import Timeline

    out, timeline = io.BytesIO(), Timeline()
    muxer = Muxer(out, Plan(format, 256, 256, 25, 2, {}, {}, sound=False))
    picture = as_i420(portrait.view(256).image, np.empty(i420_shape(256, 256), np.uint8))
    for k in range(5):
        muxer.add(timeline.frame(k / 25, picture))
    muxer.add(timeline.finish())
    muxer.finish()
    assert b"Synthetic" in out.getvalue()
    with av.open(io.BytesIO(out.getvalue()), format=format) as stream:
        said = stream.metadata if format == "flv" else {tag: "Synthetic"}
    assert said[tag].startswith("Synthetic")


def test_a_batch_signs_what_comes_home(
    speech: np.ndarray, tmp_path: Path, read: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gioconda.cli.app import app
    from gioconda.cluster.renderer import Renderer

    _wave(tmp_path / "s.wav", speech)
    row = f"{examples.portrait_path()},s.wav,made.mp4"
    (tmp_path / "jobs.csv").write_text(f"portrait,sound,output\n{row}\n")
    there: list[str] = []
    make = Renderer.render

    def noted(self: Renderer, task: object, progress: object = None) -> object:
        outcome = make(self, task, progress)  # type: ignore[arg-type]
        kept = io.BytesIO(outcome.video or b"")
        there.append(read_credentials(kept, ".mp4").status)
        return outcome

    monkeypatch.setattr(Renderer, "render", noted)
    options = ["--jobs", str(tmp_path / "jobs.csv"), "--fps", "25", "--quiet"]
    done = CliRunner().invoke(app, ["animate", *options])
    assert done.exit_code == 0, done.output
    assert there == ["none"]  # nothing is signed where the keys may not be
    read(tmp_path / "made.mp4").check()


def _wave(path: Path, pcm: np.ndarray) -> None:
    import wave

    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((pcm * 32767).astype("<i2").tobytes())


def test_speech_alone(espeak_program: str, tmp_path: Path, read: Reading) -> None:
    from gioconda.speaking import save_speech

    with gioconda.say("Good morning.") as sound:
        save_speech(sound, tmp_path / "a.wav")
    found = read(tmp_path / "a.wav")
    found.check_said()
    assert found.credentials.source_type == "algorithmicMedia"
    assert (found.credentials.basis, found.credentials.watermark) == ("", None)
    assert [i.role for i in found.credentials.ingredients] == ["text"]
    assert SOURCE_TYPE in found.raw
    with Sound.open(tmp_path / "a.wav") as back:
        assert back.duration_s == pytest.approx(sound.duration_s)


def test_sheets_of_expressions(tmp_path: Path, read: Reading) -> None:
    from gioconda.cli.app import app

    target = tmp_path / "a.png"
    done = CliRunner().invoke(app, ["inspect", str(examples.portrait_path()), "-o", str(target)])
    assert done.exit_code == 0, done.output
    read(target).check()


def test_a_sheet_of_the_server(portrait: Portrait, tmp_path: Path, read: Reading) -> None:
    from gioconda.live.host.portraits import sheet_png, square_jpeg
    from gioconda.trust.origins import example_portrait
    from gioconda.trust.stills import sealed_png

    grant = animate(portrait, Sound.from_array(np.zeros(800), 16_000)).grant
    made_from = Provenance("motion", grant, example_portrait(), own_identifier())
    (tmp_path / "a.png").write_bytes(sealed_png(sheet_png(portrait), made_from))
    read(tmp_path / "a.png").check()
    # The square that is animated is the picture's own, and must not say that it is made.
    square = square_jpeg(portrait)
    assert SOURCE_TYPE not in square
    assert detected([np.asarray(Image.open(io.BytesIO(square)))]).verdict != "detected"


def test_pairs_of_a_measurement(portrait: Portrait, tmp_path: Path, read: Reading) -> None:
    from gioconda.measure.reenact import _write

    (tmp_path / "out").mkdir()
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"a clip")
    pair = np.hstack([portrait.view(512).image] * 2)
    _write(tmp_path / "out" / "a.png", pair, clip)
    found = read(tmp_path / "out" / "a.png")
    found.check_said()
    assert found.watermark is not None
    assert found.watermark.identifier == own_identifier()

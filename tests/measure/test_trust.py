"""The benchmark of the watermark measures what it says."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from gioconda import Portrait, examples
from gioconda.cli import measuring_trust
from gioconda.cli.voice import Voice
from gioconda.errors import ConsentError, OptionError
from gioconda.measure.trust import clips
from gioconda.measure.trust.attacks import ATTACKS, Attack, at_shorter_side, cropped
from gioconda.measure.trust.clips import (
    Footage,
    Source,
    ask_for,
    footage_of,
    private_folder,
    real_sources,
    rendered_sources,
)
from gioconda.measure.trust.false_alarms import Unmarked, false_alarms, strangers
from gioconda.measure.trust.fresh import fresh_outputs
from gioconda.measure.trust.invisibility import Visibility, change_in, flat_areas, grown, visibility
from gioconda.measure.trust.report import TrustReport, measure_trust
from gioconda.measure.trust.robustness import (
    IDENTIFIER,
    KEY,
    Outcome,
    looked_at,
    marked,
    outcomes,
)
from gioconda.measure.trust.trade_off import Point, plot, scaled
from gioconda.measure.trust.transcoding import LOSSLESS, decoded, encoded, through, x264
from gioconda.trust.consent.ledger import Ledger

ByteImage = npt.NDArray[np.uint8]


def by_name(name: str) -> Attack:
    return next(a for a in ATTACKS if a.name == name)


@pytest.fixture(scope="module")
def frames(astronaut: ByteImage) -> list[ByteImage]:
    """A second of a small, moving picture."""
    small = np.asarray(cv2.resize(astronaut, (160, 128), interpolation=cv2.INTER_AREA), np.uint8)
    return [np.roll(small, i // 4, 1) for i in range(25)]


@pytest.mark.parametrize("attack", ATTACKS, ids=[a.name for a in ATTACKS])
def test_every_attack_is_the_same_again_and_leaves_its_input_alone(
    attack: Attack, frames: list[ByteImage]
) -> None:
    before = [f.copy() for f in frames]
    first, rate = attack.run(frames, 25.0)
    second, _ = attack.run(frames, 25.0)
    assert rate > 0
    assert first
    assert all(f.dtype == np.uint8 and f.ndim == 3 and f.shape[2] == 3 for f in first)
    assert all(np.array_equal(a, b) for a, b in zip(frames, before, strict=True))
    # Encoders with threads of their own may differ in a rare pixel.
    assert np.mean(np.abs(first[0].astype(int) - second[0])) < 0.5


@pytest.mark.parametrize(
    ("name", "count", "rate", "size"),
    [
        ("x264 crf 28", 25, 25.0, (128, 160)),
        ("256 px, crf 23", 25, 25.0, (256, 320)),
        ("720 px, crf 26", 25, 25.0, (720, 900)),
        ("15 fps, crf 26", 15, 15.0, (128, 160)),
        ("30 fps, crf 26", 30, 30.0, (128, 160)),
        ("anamorphic 4:3, crf 23", 25, 25.0, (120, 200)),
        ("one frame, screenshot 1.5x", 1, 25.0, (192, 240)),
        ("GIF, 128 colours", 13, 12.5, (128, 160)),
    ],
)
def test_attacks_do_what_their_names_say(
    name: str, count: int, rate: float, size: tuple[int, int], frames: list[ByteImage]
) -> None:
    out, fps = by_name(name).run(frames, 25.0)
    assert (len(out), fps, out[0].shape[:2]) == (count, rate, size)


def test_a_mirror_mirrors_and_a_letterbox_adds_bars(frames: list[ByteImage]) -> None:
    mirrored, _ = by_name("mirror, crf 26").run(frames, 25.0)
    assert np.mean(np.abs(mirrored[0][:, ::-1].astype(int) - frames[0])) < 6
    boxed, _ = by_name("letterbox, crf 26").run(frames, 25.0)
    assert boxed[0].shape[1] > 160
    assert boxed[0][:, :8].mean() < 20


def test_a_zoom_grows_and_the_last_frame_shows_less(frames: list[ByteImage]) -> None:
    still = [frames[0]] * 25
    zoomed, _ = by_name("slow zoom, crf 23").run(still, 25.0)
    apart = [float(np.abs(f.astype(int) - frames[0]).mean()) for f in (zoomed[0], zoomed[-1])]
    assert apart[0] < 6 < apart[1]


def test_a_crop_takes_its_part_of_each_side(frames: list[ByteImage]) -> None:
    assert cropped(frames, 0.1, 0.25, 0.0, 0.25)[0].shape == (64, 144, 3)
    assert at_shorter_side(frames, 64)[0].shape == (64, 80, 3)


def test_lossless_is_lossless(frames: list[ByteImage]) -> None:
    out, rate = decoded(encoded(frames, 25.0, LOSSLESS))
    assert rate == 25.0
    assert all(np.array_equal(a, b) for a, b in zip(frames, out, strict=True))
    worse = through(frames, 25.0, x264(35))
    assert np.mean(np.abs(worse[0].astype(int) - frames[0])) > 1


def test_real_frames_are_marked_and_read(astronaut: ByteImage) -> None:
    found, seconds = looked_at(marked(Footage([astronaut] * 2, 25.0)), 25.0)
    assert found.identifier == IDENTIFIER
    assert seconds > 0
    found, _ = looked_at([astronaut], 25.0, search=False)
    assert found.identifier is None


def test_what_marking_changed_is_measured(astronaut: ByteImage) -> None:
    wall = np.full((64, 64, 3), 120, np.uint8)
    changed = wall.copy()
    changed[::2] += 2
    psnr_db, flat = change_in([wall], [changed])
    assert psnr_db == pytest.approx(10 * np.log10(255**2 / 2))
    assert flat == pytest.approx(np.sqrt(2))
    textured = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    assert change_in([textured], [textured])[1] is None
    assert not flat_areas(textured[..., 0].astype(np.float32)).any()
    seen, out = visibility("astronaut", Footage([astronaut] * 3, 25.0))
    assert 35 < seen.psnr_db < 60
    assert len(seen.frame_ms) == len(out) == 3


def test_noise_makes_a_file_grow(frames: list[ByteImage]) -> None:
    noise = np.random.default_rng(0).integers(-4, 5, frames[0].shape)
    noisy = [np.clip(f + noise, 0, 255).astype(np.uint8) for f in frames]
    assert grown(frames, noisy, 25.0) > 0.05
    assert grown(frames, frames, 25.0) == 0


def test_strengths_scale_the_change(astronaut: ByteImage) -> None:
    change = np.random.default_rng(0).integers(-3, 4, (*astronaut.shape[:2], 1))
    strong = np.clip(astronaut.astype(int) + change, 0, 255).astype(np.uint8)
    half = scaled([astronaut], [strong], 0.5)[0].astype(int) - astronaut
    inside = (astronaut > 5) & (astronaut < 250)
    whole = (strong.astype(int) - astronaut)[inside]
    assert np.polyfit(whole, half[inside], 1)[0] == pytest.approx(0.5, abs=0.03)


def test_other_operators_read_nothing(tmp_path: Path, astronaut: ByteImage) -> None:
    assert len(set(strangers(50))) == 50
    assert KEY not in strangers(50)
    path = tmp_path / "plain.png"
    cv2.imwrite(str(path), cv2.resize(astronaut, (192, 192))[..., ::-1])
    told: list[Unmarked] = []
    results = false_alarms([path], strangers(50), told.append)
    assert results == told
    assert [(r.name, r.detected, r.identified) for r in results] == [("plain.png", False, 0)]


def test_without_media_the_example_stands_alone() -> None:
    assert [s.name for s in rendered_sources(None)] == ["example"]
    assert real_sources(None) == []


def test_with_media_there_are_twenty_of_each_kind(shared: Path) -> None:
    rendered, real = rendered_sources(shared / "data"), real_sources(shared / "data")
    assert len(rendered) >= 20
    assert len(real) >= 20
    assert len({s.name for s in (*rendered, *real)}) == len(rendered) + len(real)
    assert all(s.real for s in real)
    assert not any(s.real for s in rendered)


def test_a_clip_is_rendered_once_and_survives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips, "SECONDS", 0.4)
    source = rendered_sources(None)[0]
    made = footage_of(source, tmp_path)
    assert (len(made.frames), made.fps) == (10, 25.0)
    assert made.frames[0].shape == (512, 512, 3)
    assert len(made.rehearsal) == 8
    kept = list(tmp_path.iterdir())
    assert len(kept) == 1
    stamp = kept[0].stat().st_mtime_ns
    again = footage_of(source, tmp_path)
    assert np.array_equal(made.frames[3], again.frames[3])
    assert kept[0].stat().st_mtime_ns == stamp
    read = outcomes(source, tmp_path, [by_name("x264 crf 23"), by_name("one frame, JPEG 80")])
    assert [o.exact for o in read] == [True, True]
    assert not read[0].real


def test_an_unknown_part_is_refused_before_any_work() -> None:
    with pytest.raises(OptionError, match="'teleport'"):
        measure_trust(None, only=("teleport",))


def test_a_portrait_is_rendered_with_consent_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIOCONDA_HOME", str(tmp_path / "home"))
    rendered: list[object] = []
    monkeypatch.setattr("gioconda.render.registry.create", lambda *a: rendered.append(a))
    Ledger().revoke(Portrait.open(examples.portrait_path()).pixels_sha256)
    for part in ("invisibility", "jpeg", "trade-off"):
        with pytest.raises(ConsentError, match="revoked"):
            measure_trust(None, only=(part,))
    with pytest.raises(ConsentError, match="revoked"):
        footage_of(rendered_sources(None)[0], tmp_path)
    assert rendered == []
    assert [p.name for p in tmp_path.iterdir()] == ["home"]
    # Nothing is rendered for what looks at real files alone.
    ask_for([Source("clip", tmp_path / "clip.mp4")])


def test_unmarked_clips_lie_in_a_folder_of_the_run_alone() -> None:
    with private_folder() as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "clip.mkv").write_bytes(b"clip")
    assert not folder.exists()


def test_the_report_sets_figures_against_their_bars() -> None:
    read = [
        Outcome("a", False, "x264 crf 28", True, True, 12.0, 0.1),
        Outcome("b", True, "x264 crf 28", False, True, 7.0, 0.2),
        Outcome("a", False, "x264 crf 35", False, False, 3.0, 4.0),
        Outcome("c", True, "x264 crf 28", False, False, 3.0, 4.0, side=256),
    ]
    seen = [
        Visibility("a", 45.0, 0.8, 0.05, (1.0, 3.0), (512, 512)),
        Visibility("b", 43.0, None, 0.07, (9.0,), (288, 360)),
    ]
    unmarked = [Unmarked("x.png", False, 0, 1.0, 6.0, 4.0)]
    report = TrustReport(tuple(read), tuple(seen), tuple(unmarked))
    rows = {r.what: r for r in report.rows()}
    assert rows["exact bits: x264 crf 28 (2)"].value == 50
    assert rows["exact bits: x264 crf 28 (2)"].met is False
    assert rows["exact bits: x264 crf 35 (1)"].met is None
    assert rows["exact bits of clips under 288 px, all attacks (1)"].value == 0
    assert rows["PSNR of luma, least"].met is False
    assert rows["change in flat areas, most"].met is True
    assert rows["growth at crf 18, mean"].met is True
    assert rows["embedding at 512 x 512, p99"].value == pytest.approx(2.98)
    assert rows["public mark in 1 unmarked files"].met is True
    text = report.table()
    assert "MISSED" in text
    assert "not exact: x264 crf 28: b" in text
    assert report.as_dict()["outcomes"][1]["exact"] is False


def test_the_trade_off_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "plot.png"
    points = [Point(0.5, 48.0, 0.5, 0.03, 0.8, 7.0), Point(1.0, 44.0, 0.9, 0.07, 1.0, 14.0)]
    plot(points, path)
    picture = cv2.imread(str(path))
    assert picture is not None
    assert picture.shape[0] > 300
    assert picture.std() > 5


def test_a_source_is_real_without_a_voice(tmp_path: Path) -> None:
    assert Source("a", tmp_path).real
    assert not Source("a", tmp_path, tmp_path).real


def test_the_command_refuses_what_it_cannot_do_before_any_work(tmp_path: Path) -> None:
    def run(media: str | None = None, only: tuple[str, ...] = (), **options: str | None) -> None:
        said = Voice(quiet=True)
        given = {"plot": None, **options}
        measuring_trust.measured(
            media, clips=1, only=only, keys=1, plot=given["plot"], voice=said, force=False,
        )  # fmt: skip

    with pytest.raises(OptionError, match="there is no folder"):
        run(str(tmp_path / "nowhere"))
    with pytest.raises(OptionError, match="trade-off"):
        run(only=("robustness",), plot=str(tmp_path / "plot.png"))


def test_outputs_are_verified_by_keys_of_their_own_and_leave_no_trace(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIOCONDA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("GIOCONDA_BASIS")
    monkeypatch.setattr("gioconda.measure.trust.fresh.SECONDS", 0.4)
    (fresh,) = fresh_outputs(rendered_sources(None), 1)
    assert fresh.whole
    assert not (tmp_path / "home").exists()
    report = TrustReport(fresh=(fresh, replace(fresh, identifier=False)))
    assert [row.met for row in report.rows()] == [True, True, False, True]
    assert "not whole" in report.table()

"""The measured readout: from features to lip curves, in any chunks, for any look-ahead."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from gioconda.controls import Controls
from gioconda.errors import OptionError
from gioconda.performance.performer import RulePerformer
from gioconda.performance.readout import ROWS, Readout, averaged, columns, shipped
from gioconda.performance.window import LookaheadLine
from gioconda.speech.analyser import SpeechAnalyser
from gioconda.speech.sound import Sound
from gioconda.speech.types import ARTICULATION, PHONES, SpeechFeatures
from gioconda.speech.viseme_table import MEASURED_VISEMES

APERTURE, WIDTH, LOWER = (ARTICULATION.index(n) for n in ("aperture", "width", "lower_lip"))


def features_of(phones: list[str], rows_each: int = 10) -> SpeechFeatures:
    """Features in which each phone is certain for a while and the net says half its viseme."""
    posteriors = np.full((len(phones) * rows_each, len(PHONES)), 0.002, np.float32)
    for k, phone in enumerate(phones):
        posteriors[k * rows_each : (k + 1) * rows_each, PHONES.index(phone)] = 1 - 36 * 0.002
    count = len(posteriors)
    zeros = np.zeros(count, np.float32)
    visemes = np.array([MEASURED_VISEMES[phone] for phone in PHONES], np.float32)
    return SpeechFeatures(
        0.0, posteriors, 0.5 * posteriors @ visemes, np.zeros((count, 8), np.float32),
        zeros, zeros, zeros, zeros,
    )  # fmt: skip


def random_features(rows: int, seed: int = 0) -> SpeechFeatures:
    rng = np.random.default_rng(seed)
    posteriors = rng.dirichlet(np.full(len(PHONES), 0.1), rows).astype(np.float32)
    columns = (rng.normal(size=(rows, n)).astype(np.float32) for n in (6, 8))
    zeros = np.zeros(rows, np.float32)
    return SpeechFeatures(0.0, posteriors, *columns, zeros, zeros, zeros, zeros)


def read(features: SpeechFeatures, cuts: list[int], future: int = 4) -> np.ndarray:
    """Read the curves of features that come in chunks of the given sizes."""
    line, parts, at = LookaheadLine.start(future), [], 0
    for size in [*cuts, len(features)]:
        chunk = SpeechFeatures(
            at / 50,
            *(
                getattr(features, name)[at : at + size]
                for name in (
                    "posteriors", "articulation", "bands", "loudness_db", "effort", "voice",
                    "f0_hz",
                )
            ),
        )  # fmt: skip
        at += len(chunk)
        parts.append(shipped().curves(line.push(chunk)))
    return np.concatenate([*parts, shipped().curves(line.flush())])


@pytest.mark.parametrize("future", [0, 1, 2, 6])
def test_any_chunks_give_the_same_curves_bit_for_bit(future: int) -> None:
    features = random_features(90)
    whole = read(features, [], future)
    assert whole.shape == (90, 6)
    for seed in range(4):
        cuts = np.random.default_rng(seed).integers(0, 9, 20).tolist()
        np.testing.assert_array_equal(read(features, cuts, future), whole)


def test_open_vowels_open_and_labials_close() -> None:
    curves = read(features_of(["a", "m", "a", "u", "i", "p", "æ"]), [])
    middle = {p: curves[10 * k + 5] for k, p in enumerate(["a", "m", "a2", "u", "i", "p", "æ"])}
    for vowel in ("a", "æ", "i"):
        for labial in ("m", "p"):
            assert middle[vowel][APERTURE] > middle[labial][APERTURE] + 0.5
    assert middle["a"][LOWER] > middle["u"][LOWER] + 0.3
    assert middle["æ"][WIDTH] > middle["u"][WIDTH] + 0.3


def test_little_lookahead_degrades_the_curves_and_does_not_break_them() -> None:
    features = features_of(["sil", "a", "m", "a", "s", "u", "sil"], 6)
    best = read(features, [], 6)
    for future, least in ((0, 0.9), (1, 0.97), (2, 0.99)):
        curves = read(features, [], future)
        assert np.corrcoef(curves[:, APERTURE], best[:, APERTURE])[0, 1] > least
    np.testing.assert_array_equal(read(features, [], 3), best)


def test_a_table_comes_back_from_its_file_with_its_clips(tmp_path: Path) -> None:
    table = Readout(np.random.default_rng(0).normal(size=(ROWS, 6)), ("one", "two"))
    table.save(tmp_path / "half.npz")
    back = Readout.load(tmp_path / "half.npz")
    np.testing.assert_array_equal(back.weights, table.weights)
    assert back.fitted_on == ("one", "two")
    mean = averaged([table, Readout(-table.weights, ("two", "three"))])
    assert not mean.weights.any()
    assert mean.fitted_on == ("one", "three", "two")
    assert len(list(columns())) == ROWS


def test_the_shipped_table_says_what_it_was_fitted_on() -> None:
    names = shipped().fitted_on
    assert len(set(names)) == len(names) == 30


@pytest.mark.parametrize("bad", ["missing", "text", "shape", "nan"])
def test_a_file_that_is_no_readout_is_refused(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "table.npz"
    if bad == "text":
        path.write_text("no table")
    elif bad == "shape":
        np.savez(path, weights=np.zeros((3, 6)), fitted_on=np.array([], np.str_))
    elif bad == "nan":
        np.savez(path, weights=np.full((ROWS, 6), np.nan), fitted_on=np.array([], np.str_))
    with pytest.raises(OptionError, match="readout"):
        RulePerformer(readout=path)


def test_the_performer_reads_with_the_table_it_is_given(tmp_path: Path) -> None:
    Readout(np.zeros((ROWS, 6))).save(tmp_path / "flat.npz")
    features = features_of(["a", "s", "a", "s"])
    features.voice[:] = 1.0
    jaws = []
    for path in (None, tmp_path / "flat.npz"):
        performer = RulePerformer(readout=path)
        state = performer.start(Controls(still=True))
        motion = [performer.step(state, features), performer.finish(state)]
        jaws.append(np.concatenate([m["jawOpen"] for m in motion])[15:35])
    assert np.ptp(jaws[0]) > 3 * np.ptp(jaws[1])


def measuring() -> object:
    """The command that fits the table, as a module."""
    path = Path(__file__).parents[2] / "scripts" / "measure_readout.py"
    spec = importlib.util.spec_from_file_location("measure_readout", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_fitted_is_what_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    import gioconda.performance.readout as readout

    monkeypatch.setattr(readout, "CLOSURE_TERM", 0.0)
    features = random_features(60)
    fitted = measuring().design(features) @ shipped().weights  # type: ignore[attr-defined]
    # Before and after the features the one repeats their ends, the other knows silence.
    np.testing.assert_allclose(read(features, [])[3:-6], fitted[3:-6], atol=1e-9)


def test_halves_share_no_person_and_are_about_equally_long() -> None:
    module = measuring()
    rng = np.random.default_rng(0)
    clips = [
        module.Clip(str(k), f"person {k // 2}", np.zeros((int(n), 1)), np.zeros((int(n), 6)))  # type: ignore[attr-defined]
        for k, n in enumerate(rng.integers(50, 500, 24))
    ]
    first, second = module.split(clips, 2)  # type: ignore[attr-defined]
    assert not {c.person for c in first} & {c.person for c in second}
    lengths = [sum(len(c.inputs) for c in half) for half in (first, second)]
    assert max(lengths) < 1.2 * min(lengths)


def test_videos_that_nothing_was_fitted_to_are_read_well(shared: Path) -> None:
    r, weights = [], []
    for folder in sorted((shared / "data" / "rivals").glob("vasa1_*")):
        analyser = SpeechAnalyser(80)
        state = analyser.start()
        with Sound.open(folder / "rival.mp4") as sound:
            parts = [analyser.step(state, chunk) for chunk in sound.chunks()]
        curves = read(SpeechFeatures.joined([*parts, analyser.finish(state)]), [])
        tracked = np.load(folder / "tracked.npz")
        seen = tracked["curves"][:, list(tracked["names"]).index("la")]
        read_at = np.interp(tracked["t"], np.arange(len(curves)) / 50, curves[:, APERTURE])
        r.append(np.corrcoef(read_at, seen)[0, 1])
        weights.append(len(seen))
    assert np.average(r, weights=weights) > 0.60

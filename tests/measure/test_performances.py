"""Our performances of cases, and the tables that have not seen a clip."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.controls import Controls
from gioconda.errors import OptionError
from gioconda.measure.cases import Case
from gioconda.measure.lip_report import measure_lips
from gioconda.measure.loudness import samples_of
from gioconda.measure.motion_report import measure_motion
from gioconda.measure.performances import Stage, held_out_readouts, live_motion, save_face
from gioconda.measure.tracking import CURVES, TrackedFace
from gioconda.performance import registry
from gioconda.performance.performer import DEFAULT_LOOKAHEAD_MS
from gioconda.performance.readout import shipped
from gioconda.speech.sound import Sound


def case(name: str, group: str = "real") -> Case:
    return Case(name, group, None, None)


def test_every_clip_is_spoken_with_a_table_that_has_not_seen_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(registry, "_FACTORIES", dict(registry._FACTORIES))
    np.savez(tmp_path / "half_a.npz", fitted_on=np.array(["one", "two"]))
    np.savez(tmp_path / "half_b.npz", fitted_on=np.array(["three"]))
    np.savez(tmp_path / "all.npz", fitted_on=np.array(["one", "two", "three"]))
    np.savez(tmp_path / "silent.npz", fitted_on=np.array([], np.str_))
    cases = [case("one"), case("three"), case("vasa1_3", "VASA-1")]
    chosen = held_out_readouts(tmp_path, cases)
    assert chosen["one"].endswith("half_b.npz")
    assert chosen["three"].endswith("half_a.npz")
    assert "vasa1_3" not in chosen
    assert set(chosen.values()) < set(registry.names())


def test_tables_that_have_seen_all_or_say_nothing_are_refused(tmp_path) -> None:
    np.savez(tmp_path / "mean.npz", weights=np.zeros(3))
    with pytest.raises(OptionError, match="table that names clips"):
        held_out_readouts(tmp_path, [case("one")])
    np.savez(tmp_path / "a.npz", fitted_on=np.array(["one"]))
    with pytest.raises(OptionError, match=r"every table .* was fitted on 'one'"):
        held_out_readouts(tmp_path, [case("one")])
    (tmp_path / "b.npz").write_bytes(b"nothing")
    with pytest.raises(OptionError, match="cannot be read as a table"):
        held_out_readouts(tmp_path, [case("one")])


def test_our_curves_are_kept_as_those_of_the_clips_are(tmp_path) -> None:
    face = TrackedFace(np.arange(5) / 25, np.random.default_rng(0).random((5, len(CURVES))))
    save_face(tmp_path / "x.npz", face)
    again = TrackedFace.load(tmp_path / "x.npz")
    np.testing.assert_array_equal(again.curves, face.curves)
    np.testing.assert_array_equal(again.time_s, face.time_s)


class Other(Stage):
    """A stage on which everybody's face does the same."""

    def face(self, case: Case) -> TrackedFace:
        return face_of(7)


def face_of(seed: int) -> TrackedFace:
    values = np.random.default_rng(seed).standard_normal((150, len(CURVES)))
    return TrackedFace(np.arange(150) / 25, values)


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("measure", [measure_lips, measure_motion])
def test_the_curves_we_are_measured_against_are_never_replaced(tmp_path, measure, linked) -> None:
    from gioconda import examples

    tracked, kept = tmp_path / "tracked", tmp_path / "kept"
    tracked.mkdir()
    save_face(tracked / "c.npz", face_of(0))
    if linked:
        kept.symlink_to(tracked)
    before = (tracked / "c.npz").read_bytes()
    one = Case("c", "VASA-1", examples.speech_path(), tracked / "c.npz")
    with pytest.raises(OptionError, match="'c' is measured against"):
        measure([one], Other(), keep=kept if linked else tracked)
    assert (tracked / "c.npz").read_bytes() == before


def test_figures_of_clips_that_the_table_was_fitted_on_are_told_apart(tmp_path) -> None:
    from gioconda import examples

    known = shipped().fitted_on[0]
    save_face(tmp_path / "curves.npz", face_of(0))
    cases = [
        Case(name, group, examples.speech_path(), tmp_path / "curves.npz")
        for name, group in ((known, "real"), ("new", "real"), (known, "VASA-1"))
    ]
    report = measure_lips(cases, Other())
    assert report.seen == {"real": 1, "VASA-1": 0}
    held_out = measure_lips(cases, Other(performers={known: "rules:half"}))
    assert held_out.seen == {"real": 0, "VASA-1": 0}


def test_look_ahead_is_chosen_and_checked() -> None:
    from gioconda import examples
    from gioconda.pipeline import perform

    sound = samples_of(examples.speech_path())[:32_000]
    whole = perform(Sound.from_array(sound, 16_000), Controls(seed=3))
    same = live_motion([sound], Controls(seed=3), "rules", (120, DEFAULT_LOOKAHEAD_MS))
    np.testing.assert_array_equal(same.values, whole.values)
    less = live_motion([sound], Controls(seed=3), "rules", (40, 40))
    assert len(less) == len(whole)
    assert np.abs(less["jawOpen"] - whole["jawOpen"]).max() > 0.01
    with pytest.raises(OptionError, match="look-ahead must be one of"):
        Stage(lookahead_ms=(50, 40))
    with pytest.raises(OptionError, match="look-ahead is 900 ms"):
        Stage(lookahead_ms=(40, 900))


def test_a_clip_is_spoken_rendered_and_scored(shared, tmp_path) -> None:
    """One short clip: lips follow its sound far better than loudness does, and on time."""
    from gioconda.measure.cases import find_cases

    data = shared / "data"
    cases = find_cases(data / "clips", data / "tracked", names=["interview_man_beard_512"])
    frames = []
    stage = Stage(size=256, advance=lambda: frames.append(1))
    report = measure_lips(cases, stage, keep=tmp_path)
    ours = report.scores["real"]["ours"]
    assert len(frames) == pytest.approx(98, abs=1)
    assert ours.r["aperture"].value > 0.35
    assert abs(ours.best_lag_ms.value) <= 80
    assert ours.r["aperture"].value > report.scores["real"]["loudness"].r["aperture"].value + 0.1
    assert len(TrackedFace.load(tmp_path / "interview_man_beard_512.npz").time_s) > 90
    implied = measure_lips(cases, stage, motion_only=True).scores["real"]["ours"]
    assert implied.r["aperture"].value > 0.35
    assert len(frames) == pytest.approx(98, abs=1)

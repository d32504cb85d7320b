from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gioconda import motion_edit as edit
from gioconda.errors import OptionError
from gioconda.motion import BLENDSHAPES, CHANNELS, INDEX, Motion, gaze_of, moment


def performance(
    rows: int = 200, seed: int = 1, rate_hz: float = 50.0, start_s: float = 0.0
) -> Motion:
    """Smooth random motion with a mouth that closes at every 20th row."""
    rng = np.random.default_rng(seed)
    t = np.arange(rows)[:, None] / rate_hz
    pace, phase = rng.uniform(1, 9, len(CHANNELS)), rng.uniform(0, 6, len(CHANNELS))
    values = (0.45 + 0.35 * np.sin(pace * t + phase)).astype(np.float32)
    values[:, 52:55] *= 20
    values[::20, INDEX["jawOpen"]] = 0
    values[:, INDEX["articulation"]] = 1
    return Motion(values, rate_hz, start_s)


def untouched(before: Motion, after: Motion, what: str) -> bool:
    """Whether every channel outside a group is exactly what it was."""
    kept = [i for n, i in INDEX.items() if n not in edit.channels_of(what)]
    return np.array_equal(before.values[:, kept], after.values[:, kept])


# Names.


def test_groups_cover_every_channel_once_but_for_wholes() -> None:
    parts = ("mouth", "brows", "lids", "gaze", "cheeks", "head", "body")
    named = [n for g in parts for n in edit.GROUPS[g]]
    assert sorted(named) == sorted(CHANNELS)
    assert set(edit.GROUPS["eyes"]) == {*edit.GROUPS["lids"], *edit.GROUPS["gaze"]}
    assert set(edit.GROUPS["jaw"]) < set(edit.GROUPS["mouth"])
    assert edit.GROUPS["all"] == CHANNELS


def test_names_may_leave_out_the_side_or_the_plural() -> None:
    assert edit.channels_of("mouthSmile") == ("mouthSmileLeft", "mouthSmileRight")
    assert edit.channels_of("mouth") == edit.GROUPS["mouth"]
    assert edit.channels_of("brow") == edit.GROUPS["brows"]
    assert edit.channels_of("headYaw") == ("headYaw",)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("jawOpn", "did you mean 'jawOpen'"),
        ("mouthSmle", "'mouthSmile'"),
        ("xyz", "groups are mouth"),
    ],
)
def test_unknown_names_are_refused_with_a_hint(name: str, hint: str) -> None:
    with pytest.raises(OptionError, match=f"named '{name}'; .*{hint}"):
        edit.channels_of(name)


# Scale and offset.


def test_scaling_is_about_the_portraits_own_rest() -> None:
    motion = performance()
    half = edit.scale(motion, "head", 0.5)
    np.testing.assert_allclose(half["headYaw"], 0.5 * motion["headYaw"])
    assert untouched(motion, half, "head")
    still = edit.scale(motion, "all", 0)
    assert not np.delete(still.values, INDEX["articulation"], axis=1).any()


def test_scaling_the_mouth_leaves_it_driven() -> None:
    """At half articulation a p would no longer close a portrait's open lips."""
    motion = performance()
    assert (edit.scale(motion, "mouth", 0.5)["articulation"] == 1).all()
    assert (edit.scale(motion, "articulation", 0.5)["articulation"] == 0.5).all()


@pytest.mark.parametrize("what", ["mouth", "headYaw", "headX", "eyes", "jawOpen"])
def test_results_can_be_saved_whatever_the_factor(what: str, tmp_path: object) -> None:
    motion = performance()
    for strong in (edit.scale(motion, what, 50), edit.offset(motion, what, -300)):
        weights = np.delete(strong.values, range(52, 58), axis=1)
        assert weights.min() >= 0
        assert weights.max() <= 1
        assert np.abs(strong.values[:, 52:55]).max() <= 180


def test_weights_that_overshoot_are_not_cut_back() -> None:
    motion = Motion(np.stack([moment(jawOpen=1.3), moment(jawOpen=-0.2)]))
    same = edit.scale(motion, "jawOpen", 1.0)
    np.testing.assert_array_equal(same.values, motion.values)


def test_offsets_are_in_the_channels_units() -> None:
    motion = performance()
    moved = edit.offset(motion, "headYaw", 5)
    np.testing.assert_allclose(moved["headYaw"], motion["headYaw"] + 5, atol=1e-5)
    assert untouched(motion, moved, "headYaw")


@pytest.mark.parametrize(("what", "axis"), [("gazeYaw", 0), ("gazePitch", 1)])
def test_the_gaze_is_turned_by_degrees(what: str, axis: int) -> None:
    values = np.stack([moment(eyeLookOutLeft=0.1, eyeLookInRight=0.1), moment(eyeLookUpLeft=0.2,
                       eyeLookUpRight=0.2)])  # fmt: skip
    motion = Motion(values)
    for degrees in (8.0, -8.0):
        moved = edit.offset(motion, what, degrees)
        for before, after in zip(motion.values, moved.values, strict=True):
            assert gaze_of(after)[axis] == pytest.approx(gaze_of(before)[axis] + degrees, abs=1e-4)
            assert gaze_of(after)[1 - axis] == pytest.approx(gaze_of(before)[1 - axis], abs=1e-4)
    assert untouched(motion, edit.offset(motion, what, 8.0), "gaze")


# Mirror.


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), rows=st.integers(0, 30))
def test_mirroring_twice_is_nothing(seed: int, rows: int) -> None:
    motion = performance(rows, seed)
    twice = edit.mirror(edit.mirror(motion))
    np.testing.assert_array_equal(twice.values, motion.values)


def test_a_mirror_swaps_the_sides() -> None:
    left = Motion(
        moment(mouthSmileLeft=0.5, jawLeft=0.3, headYaw=10, headPitch=5, headRoll=3, headX=0.2,
               eyeLookOutLeft=0.4, eyeLookInRight=0.4, jawOpen=0.7)[None]
    )  # fmt: skip
    m = edit.mirror(left)
    assert m["mouthSmileRight"] == pytest.approx(0.5)
    assert m["mouthSmileLeft"] == 0
    assert m["jawRight"] == pytest.approx(0.3)
    assert (m["headYaw"], m["headPitch"], m["headRoll"]) == (-10, 5, -3)
    assert m["headX"] == pytest.approx(-0.2)
    assert m["jawOpen"] == pytest.approx(0.7)
    assert gaze_of(m.values[0])[0] == pytest.approx(-gaze_of(left.values[0])[0])


# Smooth.


@settings(max_examples=30, deadline=None)
@given(
    seconds=st.floats(0.02, 5), seed=st.integers(0, 100), rows=st.integers(2, 120),
    what=st.sampled_from(["head", "brows", "gaze", "cheeks"]),
)  # fmt: skip
def test_smoothing_keeps_the_mean_and_calms(
    seconds: float, seed: int, rows: int, what: str
) -> None:
    motion = performance(rows, seed)
    calm = edit.smooth(motion, what, seconds)
    np.testing.assert_allclose(calm.values.mean(0), motion.values.mean(0), atol=2e-4)
    columns = [INDEX[n] for n in edit.channels_of(what)]
    before, after = (np.abs(np.diff(m.values[:, columns], axis=0)).sum(0) for m in (motion, calm))
    assert (after <= before + 1e-3).all()
    assert untouched(motion, calm, what)


def test_closures_are_blurred_only_where_the_mouth_is_named() -> None:
    motion = performance()
    for what in ("brows", "head", "eyes", "cheeks", "body"):
        assert (edit.smooth(motion, what, 0.5)["jawOpen"][::20] == 0).all()
    assert (edit.smooth(motion, "mouth", 0.2)["jawOpen"][::20] > 0.05).all()


def test_smoothing_is_as_wide_as_it_says() -> None:
    values = np.zeros((201, len(CHANNELS)), np.float32)
    values[100, INDEX["headYaw"]] = 1
    bump = edit.smooth(Motion(values, 100.0), "headYaw", 0.2)["headYaw"]
    wide = np.flatnonzero(bump >= bump.max() / 2)
    assert (wide[-1] - wide[0]) / 100 == pytest.approx(0.2, abs=0.011)
    assert bump.argmax() == 100


# Cut, join, replace.


def test_a_cut_keeps_the_time() -> None:
    motion = performance(start_s=0.5)
    part = edit.cut(motion, 1.0, 2.0)
    assert (part.start_s, len(part)) == (pytest.approx(1.0), 50)
    for t in (1.0, 1.37, 1.98):
        np.testing.assert_allclose(part.at(t), motion.at(t), atol=1e-5)
    assert len(edit.cut(motion)) == len(motion)
    assert edit.cut(motion, None, 1.0).start_s == 0.5
    assert edit.start_at(part, 0).start_s == 0


@settings(max_examples=40, deadline=None)
@given(at=st.floats(0.05, 3.95))
def test_the_pieces_of_a_cut_are_the_whole(at: float) -> None:
    motion = performance()
    first, second = edit.cut(motion, None, at), edit.cut(motion, at)
    np.testing.assert_array_equal(np.concatenate([first.values, second.values]), motion.values)
    whole = edit.join(first, second, 0)
    np.testing.assert_array_equal(whole.values, motion.values)


def test_nothing_left_is_refused() -> None:
    with pytest.raises(OptionError, match="lasts from 0 to 4 s"):
        edit.cut(performance(), 5, 8)
    with pytest.raises(OptionError, match="nothing is left"):
        edit.cut(performance(), 2, 1)


@settings(max_examples=30, deadline=None)
@given(
    seeds=st.tuples(st.integers(0, 50), st.integers(51, 99)),
    crossfade_s=st.floats(0.2, 1.5), rate_hz=st.sampled_from([25.0, 50.0, 60.0]),
)  # fmt: skip
def test_a_join_has_no_jump(seeds: tuple[int, int], crossfade_s: float, rate_hz: float) -> None:
    first, second = performance(200, seeds[0]), performance(200, seeds[1], rate_hz, 7.0)
    both = edit.join(first, second, crossfade_s)
    seconds = first.duration_s + second.duration_s - crossfade_s
    assert both.duration_s == pytest.approx(seconds, abs=0.05)
    smoothest = max(float(np.abs(np.diff(m.values[:, 52:], axis=0)).max())
                    for m in (first, edit.resample(second, 50)))  # fmt: skip
    apart = float(np.abs(first.values[:, 52:]).max() + np.abs(second.values[:, 52:]).max())
    most = smoothest + 1.6 * apart / (crossfade_s * 50)
    assert float(np.abs(np.diff(both.values[:, 52:], axis=0)).max()) <= most
    np.testing.assert_array_equal(both.values[:100], first.values[:100])
    np.testing.assert_allclose(both.values[-1], edit.resample(second, 50).values[-1])


def test_a_join_with_nothing_is_the_motion() -> None:
    motion, empty = performance(), performance(0)
    assert edit.join(motion, empty) is motion
    np.testing.assert_array_equal(edit.join(empty, motion).values, motion.values)
    short = edit.join(motion, performance(3), 2.0)
    assert len(short) == len(motion)


def test_channels_are_taken_at_the_same_instants() -> None:
    motion, other = performance(start_s=1.0), performance(120, 9, 30.0, 0.5)
    mixed = edit.replace(motion, "mouth", other)
    assert untouched(motion, mixed, "mouth")
    assert mixed.start_s == 1.0
    for t in (1.0, 2.2, 4.0):
        assert mixed.at(t)[INDEX["jawOpen"]] == pytest.approx(
            float(other.at(t)[INDEX["jawOpen"]]), abs=1e-4
        )
    assert "articulation" in edit.GROUPS["mouth"]


# Rate and speed.


def test_rate_and_speed_change_time_as_they_say() -> None:
    motion = performance()
    other = edit.resample(motion, 60)
    assert (other.rate_hz, len(other)) == (60, 240)
    np.testing.assert_allclose(other.at(1.5), motion.at(1.5), atol=0.05)
    fast = edit.retime(motion, 2)
    assert (fast.rate_hz, fast.duration_s) == (50, pytest.approx(2))
    np.testing.assert_allclose(fast.at(1.0), motion.at(2.0), atol=1e-4)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda m: edit.resample(m, 0), "a rate of 0 Hz; it must be 1 to 1000"),
        (lambda m: edit.retime(m, 11), "a speed of 11; it must be 0.1 to 10"),
        (lambda m: edit.scale(m, "head", float("nan")), "scale by nan"),
        (lambda m: edit.offset(m, "head", float("inf")), "offset by inf"),
        (lambda m: edit.smooth(m, "head", -1), "over -1 s; it must be 0 to 60 s"),
        (lambda m: edit.join(m, m, -1), "crossfade of -1 s"),
        (lambda m: edit.start_at(m, 1e9), "within a day"),
    ],
)
def test_numbers_out_of_range_are_refused(change: Callable[[Motion], Motion], text: str) -> None:
    with pytest.raises(OptionError, match=text):
        change(performance())


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(st.sampled_from(range(7)), max_size=5), seed=st.integers(0, 100))
def test_any_edits_in_any_order_give_motion_and_change_nothing_in_place(
    steps: list[int], seed: int
) -> None:
    changes: list[Callable[[Motion], Motion]] = [
        lambda m: edit.scale(m, "mouth", 1.5), lambda m: edit.offset(m, "brows", -0.2),
        edit.mirror, lambda m: edit.smooth(m, "all", 0.1), lambda m: edit.cut(m, m.start_s + 0.1),
        lambda m: edit.join(m, m, 0.2), lambda m: edit.retime(m, 0.8),
    ]  # fmt: skip
    motion = performance(80, seed)
    before = motion.values.copy()
    result = motion
    for step in steps:
        result = changes[step](result)
    np.testing.assert_array_equal(motion.values, before)
    weights = result.values[:, : len(BLENDSHAPES)]
    assert weights.min() >= 0
    assert weights.max() <= 1

"""Lip targets to mouth weights and back, row by row, compiled."""

from __future__ import annotations

from typing import Final

from numba import njit

# The shapes that the mouth is solved for, in the order of the columns.
JAW_OPEN: Final = 0
MOUTH_CLOSE: Final = 1
PUCKER: Final = 2
FUNNEL: Final = 3
LOWER_DOWN: Final = 4
UPPER_UP: Final = 5
STRETCH: Final = 6
SMILE: Final = 7
ROLL_LOWER: Final = 8
ROLL_UPPER: Final = 9
PRESS: Final = 10
SHRUG_LOWER: Final = 11
TONGUE_OUT: Final = 12
#: Rows of the table of effects: on the gap of the lips, the mouth's width, the upper lip, the chin.
GAP: Final = 0
WIDTH: Final = 1
UPPER_LIP: Final = 2
CHIN: Final = 3
#: Share of the asked height of the upper lip that is given: all of it would bare the teeth.
_UPPER_SHARE: Final = 0.5
#: Lips may part this much without the jaw before the jaw takes over.
_LOWER_LIMIT: Final = 0.8
_UPPER_LIMIT: Final = 0.65
_BARED_LIMIT: Final = 0.85
#: Mouths widen by stretch and smile in these parts.
_BY_STRETCH: Final = 0.75
_BY_SMILE: Final = 0.25
_WIDENING_LIMIT: Final = 0.09
#: The gap between the lips in f and v lies within these: the lower lip is at the upper teeth, which
#: show. Lips that are nearer than the second are not parted for it (r, closure AUC +.002).
_LEAST_DENTAL_GAP: Final = 0.010
_MOST_DENTAL_GAP: Final = 0.030


@njit(cache=True, nogil=True)
def solve(  # type: ignore[no-untyped-def]
    aperture, jaw_drop, width, upper_lip, rounding, closure, labiodental, tongue, effects, weights
):
    """Write one weight for each shape, so that the lips come where they have to be.

    How, :func:`gioconda.performance.mouth.solve` says.

    Args:
        aperture: (rows,), like the next seven of
            :class:`gioconda.performance.articulation.LipTargets`.
        jaw_drop: lowering of the chin.
        width: of the mouth, against shut lips.
        upper_lip: its lowering.
        rounding: 0 to 1.
        closure: 0 to 1.
        labiodental: 0 to 1.
        tongue: 0 to 0.35.
        effects: (4, 13) what a weight of 1 adds to the gap, the width, the upper lip's lowering
            and the chin's, outer-eye distances.
        weights: (rows, 13) written.
    """
    gap_of, width_of, lip_of = effects[GAP], effects[WIDTH], effects[UPPER_LIP]
    widening = _BY_STRETCH * width_of[STRETCH] + _BY_SMILE * width_of[SMILE]
    for i in range(weights.shape[0]):
        shut, dental = closure[i], labiodental[i]
        lips = 1.0 - dental
        at_teeth = _bounded(aperture[i], _LEAST_DENTAL_GAP, _MOST_DENTAL_GAP)
        gap = aperture[i] * lips + at_teeth * dental
        openness = _bounded(gap / 0.12, 0.0, 1.0)
        jaw = _bounded(jaw_drop[i] / effects[CHIN, JAW_OPEN], 0.0, 1.0)

        rounded = _bounded(0.70 * rounding[i], 0.0, 1.0) * (1.0 - 0.6 * dental)
        pucker = rounded * (0.95 - 0.35 * openness)
        funnel = 0.5 * rounded * openness * (1.0 - shut)
        missing = width[i] - (
            width_of[JAW_OPEN] * jaw + width_of[FUNNEL] * funnel + width_of[PUCKER] * pucker
        )
        pucker = _bounded(pucker + min(missing, 0.0) / width_of[PUCKER], 0.0, 1.0)
        wide = _bounded(missing, 0.0, _WIDENING_LIMIT) * (1.0 - rounded) / widening
        stretch, smile = wide * _BY_STRETCH, wide * _BY_SMILE

        rolled, shrugged = 0.55 * dental, 0.22 * dental
        given = (
            gap_of[JAW_OPEN] * jaw + gap_of[FUNNEL] * funnel + gap_of[PUCKER] * pucker
            + gap_of[STRETCH] * stretch + gap_of[SMILE] * smile
            + gap_of[ROLL_LOWER] * rolled + gap_of[SHRUG_LOWER] * shrugged
        )  # fmt: skip
        height = (
            upper_lip[i] - lip_of[JAW_OPEN] * jaw - lip_of[PUCKER] * pucker - lip_of[SMILE] * smile
        )
        raised = _bounded(_UPPER_SHARE * height / lip_of[UPPER_UP], 0.0, _UPPER_LIMIT)
        # A lip may not rise above the gap that is asked for; in f it alone gives the gap.
        bared = _bounded((gap - given) / gap_of[UPPER_UP], 0.0, _BARED_LIMIT)
        upper = min(raised, gap / gap_of[UPPER_UP]) * lips + bared * dental
        part = gap - given - gap_of[UPPER_UP] * upper
        lower = _bounded(part / gap_of[LOWER_DOWN], 0.0, _LOWER_LIMIT)
        left = part - gap_of[LOWER_DOWN] * lower
        jaw = _bounded(jaw + max(left, 0.0) / gap_of[JAW_OPEN], 0.0, 1.0)

        w = weights[i]
        w[JAW_OPEN] = jaw
        w[MOUTH_CLOSE] = _bounded(min(left, 0.0) / gap_of[MOUTH_CLOSE], 0.0, jaw + 0.05)
        w[PUCKER] = pucker
        w[FUNNEL] = funnel
        w[LOWER_DOWN] = lower * lips
        w[UPPER_UP] = upper
        w[STRETCH] = stretch
        w[SMILE] = smile
        w[ROLL_LOWER] = 0.12 * shut + rolled
        w[ROLL_UPPER] = 0.10 * shut
        w[PRESS] = 0.22 * shut
        w[SHRUG_LOWER] = 0.08 * shut + shrugged
        w[TONGUE_OUT] = tongue[i] * _bounded(gap / 0.03, 0.0, 1.0)


@njit(cache=True, nogil=True)
def implied_gap(values, left, right, effects, gap):  # type: ignore[no-untyped-def]
    """Write the gap of the inner lips that motion implies, in outer-eye distances.

    Args:
        values: (rows, 60) motion.
        left: (shapes,) column of a shape's left side.
        right: (shapes,) column of its right side; the same for a shape without sides.
        effects: (shapes,) what a weight of 1 of both sides adds to the gap.
        gap: (rows,) written, not below 0.
    """
    for i in range(values.shape[0]):
        total = 0.0
        for k in range(effects.shape[0]):
            total += effects[k] * (0.5 * (values[i, left[k]] + values[i, right[k]]))
        gap[i] = max(total, 0.0)


@njit(cache=True, nogil=True)
def _bounded(x, low, high):  # type: ignore[no-untyped-def]
    return min(max(x, low), high)

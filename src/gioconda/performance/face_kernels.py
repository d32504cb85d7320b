"""Writing the life and the emotion of a face into motion, compiled."""

from __future__ import annotations

from typing import Final

from numba import njit

#: The paired shapes that :func:`add_life` writes, in the order of its columns.
LIFE_SHAPES: Final = (
    "browOuterUp", "browDown", "eyeSquint", "eyeWide", "cheekSquint", "mouthSmile",
)  # fmt: skip


@njit(cache=True, nogil=True)
def add_life(  # type: ignore[no-untyped-def]
    values, brow, brow_side, smile, squint, answer, gate, expression, lids_left, inner, sides
):
    """Add brows, smile and squint to motion, in place.

    Args:
        values: (rows, 60).
        brow: (rows,) weight of the brows, scaled, negative for down.
        brow_side: (rows,) weight of the left outer brow alone, negative for the right.
        smile: (rows,) of a talker.
        squint: (rows,).
        answer: (rows,) smile of a listener.
        gate: (rows,) 0 at rest to 1 speaking.
        expression: (rows,) scale.
        lids_left: (rows,) 0 to 1, how far an emotion leaves the lids to life.
        inner: column of the inner brows.
        sides: (2, 6) columns of the left and the right shapes.
    """
    for i in range(values.shape[0]):
        scale = expression[i]
        up, down = max(brow[i], 0.0), max(-brow[i], 0.0)
        narrowed = max(squint[i], 0.0) * scale * lids_left[i]
        smiled = max(smile[i], 0.0) * gate[i] * min(scale, 1.0)
        smiled = smiled + answer[i] * min(scale, 1.5)
        values[i, inner] += up
        for side in range(2):
            to_side = brow_side[i] if side == 0 else -brow_side[i]
            c = sides[side]
            values[i, c[0]] += up + max(to_side, 0.0) * scale * (1.0 - min(up, 1.0))
            values[i, c[1]] += 0.9 * down
            values[i, c[2]] += narrowed + 0.3 * down
            values[i, c[3]] += 0.25 * up * lids_left[i]
            values[i, c[4]] += 0.5 * smiled * scale
            values[i, c[5]] += smiled


@njit(cache=True, nogil=True)
def add_emotion(  # type: ignore[no-untyped-def]
    values, face, settled, shut, rounding, open_share, parting, spreading, gap_effects, columns,
    shares,
):  # fmt: skip
    """Add an emotion's face to motion, in place; speech has the last word.

    Args:
        values: (rows, 60).
        face: (rows, 60) offsets.
        settled: (rows,) how far the portrait's own mouth gives way.
        shut: (rows,) 0 to 1, how far lips or lip and teeth meet.
        rounding: (rows,) 0 to 1.
        open_share: (rows,) 0 to 1, how far speech has the lips apart.
        parting: (60,) True for channels that part the lips.
        spreading: (60,) True for channels that spread them.
        gap_effects: (60,) what a weight of 1 adds to the gap of the lips.
        columns: of articulation, mouthClose and jawOpen.
        shares: what parts the lips that is left to speech, and what spreads them that rounding
            takes back.
    """
    articulation, close, jaw = columns
    lost_to_speech, lost_to_rounding = shares
    for i in range(values.shape[0]):
        spoken = values[i, articulation]
        kept = 1.0 - spoken * (1.0 - (1.0 - lost_to_speech) * open_share[i])
        parted = (1.0 - shut[i]) * kept
        aside = 0.0
        for c in range(face.shape[1]):
            offset = face[i, c]
            if offset == 0.0:
                continue
            if parting[c]:
                offset = offset * parted
            if spreading[c]:
                offset = offset * (1.0 - lost_to_rounding * rounding[i])
            if not parting[c]:
                aside += gap_effects[c] * offset
            values[i, c] += offset
        # What smiles and pressed lips do to the gap by the way, jaw and lips undo in speech.
        values[i, close] += spoken * max(aside, 0.0) / -gap_effects[close]
        narrowed = spoken * (1.0 - shut[i]) * open_share[i] * max(-aside, 0.0)
        values[i, jaw] += narrowed / gap_effects[jaw]
        values[i, articulation] += (1.0 - spoken) * settled[i]

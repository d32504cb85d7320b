"""Measure what each mouth shape does on rendered faces: the tables of performance/mouth.py.

``python scripts/measure_mouth_shapes.py PORTRAIT [PORTRAIT ...]`` renders 350 random mouths on
every portrait, tracks them as people's clips are tracked, and prints the least squares from
weights to lip curves, averaged over the portraits. Six to ten frontal portraits take a minute.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.measure.tracking import track_frames
from gioconda.motion import INDEX, moment
from gioconda.portrait import Portrait
from gioconda.render.mesh.renderer import MeshRenderer

CURVES: Final = ("la", "width", "protr", "jaw", "up", "lo")
#: Shape -> how often it is used, and its highest weight.
SHAPES: Final = {
    "mouthLowerDown": (0.7, 0.9), "mouthUpperUp": (0.7, 0.9), "mouthFunnel": (0.4, 0.6),
    "mouthPucker": (0.4, 0.9), "mouthStretch": (0.5, 0.6), "mouthSmile": (0.4, 0.4),
    "mouthRollLower": (0.2, 0.6), "mouthRollUpper": (0.2, 0.4), "mouthPress": (0.2, 0.4),
    "mouthShrugLower": (0.2, 0.5), "mouthShrugUpper": (0.2, 0.5), "mouthFrown": (0.2, 0.5),
    "mouthDimple": (0.2, 0.5),
}  # fmt: skip
NAMES: Final = ("jawOpen", "mouthClose", *SHAPES)
COUNT: Final = 350
#: The tracker follows; each mouth is shown twice, so that it arrives.
SHOWN: Final = 2


def random_mouths(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return weights, (1 + COUNT, shapes); the first mouth is shut."""
    weights = np.zeros((1 + COUNT, len(NAMES)))
    for row in weights[1:]:
        row[0] = rng.uniform() ** 1.3
        row[1] = row[0] * rng.uniform() if rng.uniform() < 0.4 else 0.0
        for k, (chance, most) in enumerate(SHAPES.values(), 2):
            row[k] = rng.uniform(0, most) if rng.uniform() < chance else 0.0
    return weights


def frames(
    portrait: str, mouths: npt.NDArray[np.float64]
) -> Iterator[tuple[float, npt.NDArray[np.uint8]]]:
    """Yield every mouth on a portrait."""
    renderer = MeshRenderer(Portrait.open(portrait).view(512))
    for i, row in enumerate(np.repeat(mouths, SHOWN, axis=0)):
        channels = {}
        for name, weight in zip(NAMES, row, strict=True):
            sides = (name,) if name in INDEX else (name + "Left", name + "Right")
            channels.update(dict.fromkeys(sides, float(weight)))
        yield i / 25, renderer.render(moment(articulation=1.0, **channels))


def main(portraits: list[str]) -> None:
    """Print the table."""
    mouths = random_mouths(np.random.default_rng(0))
    moved = []
    for portrait in portraits:
        face = track_frames(frames(portrait, mouths))
        if face.found_share < 1:
            sys.exit(f"{portrait}: the face is not found in every frame; take another portrait")
        curves = np.stack([face[name] for name in CURVES], axis=1)[SHOWN - 1 :: SHOWN]
        moved.append(curves[1:] - curves[0])
    mean = np.mean(moved, axis=0)
    effects = np.linalg.lstsq(mouths[1:], mean, rcond=None)[0]
    left = mean - mouths[1:] @ effects
    print(f"{'':18}" + "".join(f"{name:>8}" for name in CURVES))
    for name, row in zip(NAMES, effects, strict=True):
        print(f"{name:<18}" + "".join(f"{value:+8.3f}" for value in row))
    print(f"{'R2':<18}" + "".join(f"{value:8.2f}" for value in 1 - left.var(0) / mean.var(0)))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])

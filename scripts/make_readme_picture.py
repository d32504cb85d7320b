"""Make docs/images/speaking.jpg again: the example portrait, speaking and looking about."""

from pathlib import Path

import cv2
import numpy as np

from gioconda import Portrait, animate, examples, moment
from gioconda.render.registry import create

INSTANTS_S = (0.0, 0.62, 1.45, 3.35, 7.15)
MOMENTS = (
    moment(articulation=1, jawOpen=0.45, mouthLowerDownLeft=0.3, mouthLowerDownRight=0.3),
    moment(articulation=1, jawOpen=0.25, mouthFunnel=0.55, mouthPucker=0.2, browInnerUp=0.6),
    moment(eyeBlinkLeft=1, eyeBlinkRight=1, headRoll=4),
    moment(headYaw=12, eyeLookInLeft=0.3, eyeLookOutRight=0.3),
    moment(headPitch=8, headYaw=-8, mouthSmileLeft=0.4, mouthSmileRight=0.4),
)


def main() -> None:
    """Render five instants of the example's speech above five single moments."""
    portrait = Portrait.open(examples.portrait_path())
    wanted = [round(t * 40) for t in INSTANTS_S]
    spoken = [
        frame.image.copy()
        for frame in animate(portrait, examples.speech_path()).frames()
        if frame.index in wanted
    ]
    renderer = create("mesh", portrait.view(512))
    posed = [renderer.render(m).copy() for m in MOMENTS]
    rows = [
        np.hstack([cv2.resize(f, (240, 240), interpolation=3) for f in r]) for r in (spoken, posed)
    ]
    target = Path(__file__).parents[1] / "docs" / "images" / "speaking.jpg"
    cv2.imwrite(str(target), np.vstack(rows)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()

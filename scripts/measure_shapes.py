"""Measure what real faces do beyond the hand-set shapes; write measured_shapes.npz again.

usage: python scripts/measure_shapes.py LANDMARKS PERSONS.csv [OUT.npz]

LANDMARKS holds one .npz for each clip with L, (T, 478, 3) landmarks of MediaPipe's face mesh in
pixels (NaN where no face was found), about 25 frames a second. PERSONS.csv has the columns "file"
(the clip; its stem names the .npz) and "identity". Prints the variance of motion that the shapes
explain, each half of the persons with a correction measured on the other half.

The clips are no part of this repository. The table is an average over all persons.
"""

import csv
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import gioconda.render.mesh.blendshapes as blendshapes
from gioconda.portrait.canonical import canonical_landmarks, mirror_index
from gioconda.render.mesh import closing
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.head_frame import measure_head

H = np.array(topo.HANDLES)
NAMES = list(blendshapes.SHAPES)
MIRROR = mirror_index()
LATERAL = canonical_landmarks()[H, 0]
SWAP_H = np.array([list(H).index(MIRROR[h]) for h in H])
LONE = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")

LIPS, LIPS_INNER = set(topo.LIPS), set(topo.LIPS_INNER)
UPPER_LIDS = {*topo.RIGHT_UPPER_LID, *topo.LEFT_UPPER_LID}
LOWER_LIDS = {*topo.RIGHT_LOWER_LID, *topo.LEFT_LOWER_LID}
CREASES = {*topo.RIGHT_CREASE, *topo.LEFT_CREASE}
UNDER_EYES = {*topo.RIGHT_UNDER_EYE, *topo.LEFT_UNDER_EYE}
BROWS = {*topo.RIGHT_BROW_UPPER, *topo.RIGHT_BROW_LOWER, *topo.LEFT_BROW_UPPER,
         *topo.LEFT_BROW_LOWER}  # fmt: skip
#: Where variance is reported.
REGIONS = {
    "lips": LIPS,
    "eyes": UPPER_LIDS | LOWER_LIDS,
    "brows": BROWS,
    "jaw": {152, 148, 176, 149, 150, 377, 400, 378, 379, 199, 175, 200},
    "cheeks": {50, 280, 205, 425, 187, 411, 207, 427, 206, 426, 216, 436},
}
#: Points that do not slide over the head: nose and eye corners.
RIGID = [168, 6, 197, 195, 5, 4, 1, 33, 133, 362, 263, 98, 327, 122, 351, 193, 417, 245, 465,
         128, 357]  # fmt: skip
DRIVEN = [n for n in NAMES if n.startswith(("lid", "eyeLook")) or n == "tongueOut"]
LOW, HIGH = -0.6, 1.2
SIZE_RIDGE, SMOOTHNESS = 0.6, 6.0
EYEBALL_MM = 10.5
ROUNDS = 5
UNIT_MM = 0.01


def both(*landmarks: int) -> set[int]:
    """Return landmarks and their mirror images."""
    return {*landmarks, *(int(MIRROR[i]) for i in landmarks)}


JAW = set(topo.JAW) - both(234, 93, 132, 58, 172, 136)
CHEEKS, CHIN, PHILTRUM = set(topo.CHEEKS), set(topo.CHIN_AREA), set(topo.PHILTRUM)
FOREHEAD = (
    set(topo.FOREHEAD)
    - both(10, 338, 297, 332, 284, 251, 389, 356, 127, 162, 21, 54, 103, 67, 109)
    - {234, 454}
)
LOWER = LIPS | CHIN | JAW | (CHEEKS - both(117, 118, 123)) | PHILTRUM
WINGS = both(98, 64, 48, 129, 2, 94)
RIDGE = np.full(len(H), 0.05)
RIDGE[np.isin(H, list(LIPS))] = 0.03
RIDGE[np.isin(H, list(UPPER_LIDS | LOWER_LIDS | CREASES | UNDER_EYES | {33, 133, 362, 263}))] = 0.01
WEIGHT = np.ones(len(H))
for _region, _weight in (("lips", 1.5), ("eyes", 1.8), ("brows", 1.2)):
    WEIGHT[np.isin(H, list(REGIONS[_region]))] = _weight
WEIGHT = (WEIGHT[:, None] * (1, 1, 0.25)).ravel()


def region(name: str) -> set[int]:
    """Return the landmarks that a shape may be corrected at."""
    base = name if name in LONE else name.removesuffix("Left").removesuffix("Right")
    if base in ("tongueOut", "mouthClose") or base.startswith("eyeLook"):
        return set()
    if base.startswith("jaw"):
        return LOWER | both(129, 98)
    if base == "mouthSmile":
        return LOWER | WINGS | UNDER_EYES | LOWER_LIDS | CHEEKS
    if base in ("mouthUpperUp", "mouthLowerDown"):
        around = WINGS | CHEEKS if base == "mouthUpperUp" else set()
        return (LOWER | around) - LIPS_INNER - {61, 291}
    if base in ("mouthFunnel", "mouthPucker", "mouthDimple", "mouthStretch", "mouthFrown",
                "mouthShrugUpper"):  # fmt: skip
        return LOWER | WINGS | CHEEKS
    if base == "cheekSquint":
        return CHEEKS | UNDER_EYES | LOWER_LIDS | both(206, 129)
    if base == "noseSneer":
        lips = both(37, 39, 40, 0, 82, 81, 80, 13)
        nose = {8, 9, 168, 6, 197, 195, 4, 5, 1}
        return WINGS | PHILTRUM | lips | nose | both(206, 205, 50, 118, 216, 107, 55, 65, 66)
    if base == "cheekPuff":
        return LOWER | CHEEKS
    if base.startswith(("eye", "lid")):
        return UPPER_LIDS | LOWER_LIDS | CREASES | UNDER_EYES
    if base.startswith("brow"):
        return BROWS | FOREHEAD | CREASES | UPPER_LIDS | {168}
    return LOWER | PHILTRUM


def allowed() -> np.ndarray:
    """Return which landmark each shape may be corrected at, (K, H)."""
    mask = np.stack([np.isin(H, list(region(n))) for n in NAMES])
    for row, name in zip(mask, NAMES, strict=True):
        if name not in LONE and name.endswith("Left"):
            row &= LATERAL > -0.01
        if name not in LONE and name.endswith("Right"):
            row &= LATERAL < 0.01
    return mask


@dataclass
class Clip:
    """One clip: motion (T, 3 H) in millimetres since its first frame, with the head taken out."""

    person: str
    moved: np.ndarray
    gaze_down_deg: np.ndarray
    closed: np.ndarray
    closing: np.ndarray
    opens: bool


def aligned(model: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit points (n, p, 3) ~ s R model + t; return R, s, t."""
    a, b = model.mean(0), points.mean(1, keepdims=True)
    u, s, v = np.linalg.svd(np.swapaxes(points - b, 1, 2) @ (model - a))
    flip = np.ones((len(points), 3))
    flip[:, 2] = np.sign(np.linalg.det(u @ v))
    rotation = (u * flip[:, None]) @ v
    scale = (s * flip).sum(1) / ((model - a) ** 2).sum()
    return rotation, scale, b[:, 0] - scale[:, None] * (rotation @ a)


def straightened(points: np.ndarray, model: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take the head's pose out, found from x and y alone; return rotations and points."""
    points = points.copy()
    rotation, scale, shift = aligned(model[RIGID], points[:, RIGID])
    for _ in range(7):
        depth = (scale[:, None, None] * (model @ np.swapaxes(rotation, 1, 2)))[..., 2]
        points[..., 2] = depth + shift[:, None, 2]
        rotation, scale, shift = aligned(model[RIGID], points[:, RIGID])
    return rotation, (points - shift[:, None]) @ rotation / scale[:, None, None]


def read_clip(path: Path, person: str) -> Clip:
    """Read a clip's landmarks and take the head's pose out."""
    points = np.load(path)["L"].astype(float)
    points = points[np.isfinite(points).all((1, 2))]
    points = points[:480:2] if len(points) > 240 else points
    head, model = measure_head(points[0]), points[0].copy()
    for _ in range(3):  # depth errors of the first frame show as motion that follows the yaw
        rotation, straight = straightened(points, model)
        left = np.einsum("tij,tpj->tpi", rotation[:, :2], straight - model)
        turn = rotation[:, :2, 2] - rotation[:, :2, 2].mean(0)
        error = np.einsum("ti,tpi->p", turn, left - left.mean(0))
        limit = 0.12 * 90 * head.mm
        model[:, 2] += np.clip(error / ((turn**2).sum() + 0.03 * len(points)), -limit, limit)
    moved = (straightened(points, model)[1] - model) @ head.axes.T / head.mm
    spatial = aligned(points[0][RIGID], points[:, RIGID])
    upright = (points - spatial[2][:, None]) @ spatial[0] / spatial[1][:, None, None]
    moved[..., 2] = ((upright - points[0]) @ head.axes.T / head.mm)[..., 2]
    eyes = [moved[:, i] - 0.5 * (moved[:, a] + moved[:, b])
            for a, b, i in ((33, 133, 468), (263, 362, 473))]  # fmt: skip
    down = np.clip(np.mean(eyes, 0)[:, 1] / EYEBALL_MM, -0.6, 0.6)
    face = head.coordinates(points[0])[:468] / head.mm
    mouth, close = closing.mouth_at_rest(face), np.zeros_like(face)
    if mouth.gap_mm >= closing.CLOSED_GAP_MM:
        close = closing._closed_target(face, closing.canonical_face(), mouth, 0.0) - face
    return Clip(
        person, moved[:, H].reshape(len(moved), -1), np.degrees(np.arcsin(down)),
        face + close, close[H].ravel(), mouth.gap_mm > 1.2,
    )  # fmt: skip


def basis(face: np.ndarray, corrections: np.ndarray) -> np.ndarray:
    """Return the corrected shapes of a face with its lips closed, (K, 3 H)."""
    fields = blendshapes.shape_fields(face)
    shapes = np.stack([fields[n][H] for n in NAMES]) + corrections
    return shapes.reshape(len(NAMES), -1)


def fitted(clip: Clip, shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit bounded, smooth weights by accelerated projected gradient; return them and the rest."""
    down, weights = clip.gaze_down_deg, np.zeros((len(clip.moved), len(NAMES)))
    for side in ("Left", "Right"):
        lowered = np.where(down > 0, 1.3 * np.minimum(down / 22, 1.1), 0)
        weights[:, NAMES.index("lidDown" + side)] = lowered
        weights[:, NAMES.index("lidUp" + side)] = np.where(
            down <= 0, np.minimum(-down / 20, 1.1), 0
        )
    wanted = clip.moved - weights @ shapes
    free = np.array([n not in DRIVEN for n in NAMES])
    low = np.append(np.where(free, LOW, 0.0), 0.0)
    high = np.append(np.where(free, HIGH, 0.0), float(clip.opens))
    full = np.vstack([shapes, clip.closing]) * WEIGHT
    gram, match = full @ full.T, (wanted * WEIGHT) @ full.T
    step = 1 / (np.linalg.eigvalsh(gram)[-1] + SIZE_RIDGE + 4 * SMOOTHNESS)
    found = ahead = np.zeros_like(match)
    t = 1.0
    for _ in range(250):
        slope = ahead @ gram - match + SIZE_RIDGE * ahead
        change = np.diff(ahead, axis=0)
        slope[1:] += SMOOTHNESS * change
        slope[:-1] -= SMOOTHNESS * change
        new = np.clip(ahead - step * slope, low, high)
        t, last = (1 + np.sqrt(1 + 4 * t * t)) / 2, t
        ahead, found = new + (last - 1) / t * (new - found), new
    rest = wanted - found @ np.vstack([shapes, clip.closing])
    return weights + found[:, :-1], rest


def constrained(c: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Keep corrections small, flat, and lips and lids that meet together."""
    c, place = c.copy(), {int(h): i for i, h in enumerate(H)}
    c[..., 2] = 0
    upper, lower = ([place[i] for i in r] for r in (topo.UPPER_LIP_INNER, topo.LOWER_LIP_INNER))
    for k, name in enumerate(NAMES):
        base = name.removesuffix("Left").removesuffix("Right")
        if base in ("mouthSmile", "mouthFrown", "mouthStretch", "mouthDimple", "mouthPress",
                    "mouth", "jaw", "jawForward", "cheekPuff", "mouthRollUpper",
                    "mouthRollLower", "noseSneer"):  # fmt: skip
            c[k, upper] = c[k, lower] = 0.5 * (c[k, upper] + c[k, lower])
        if base == "eyeBlink":
            for rows in ((topo.RIGHT_UPPER_LID, topo.RIGHT_LOWER_LID),
                         (topo.LEFT_UPPER_LID, topo.LEFT_LOWER_LID)):  # fmt: skip
                u, v = ([place[i] for i in row] for row in rows)
                c[k, u] = c[k, v] = 0.5 * (c[k, u] + c[k, v])
    for base in ("jaw", "mouth"):
        left, right = NAMES.index(base + "Left"), NAMES.index(base + "Right")
        c[left] = 0.5 * (c[left] - c[right])
        c[right] = -c[left]
    for k, name in enumerate(NAMES):
        most = 0.5 * largest[k]
        if name.startswith(("eyeB", "eyeS", "lid")):
            most = max(most, 1.2)
        if name.startswith("eyeWide"):
            most = 0.8
        size = np.linalg.norm(c[k], axis=1, keepdims=True) + 1e-9
        c[k] *= np.minimum(1, most / size)
    return c


def measured(clips: list[Clip]) -> np.ndarray:
    """Return the corrections of all shapes, (K, H, 3)."""
    mask, shape = allowed(), (len(NAMES), len(H), 3)
    other = [n.replace("Left", "#").replace("Right", "Left").replace("#", "Right") for n in NAMES]
    swap = [NAMES.index(n) for n in other]
    plain = blendshapes.shape_fields(closing.canonical_face())
    largest = np.array([np.linalg.norm(plain[n][H], axis=1).max() for n in NAMES])
    c = np.zeros(shape)
    for _ in range(ROUNDS):
        gram, match = np.zeros((len(NAMES),) * 2), np.zeros(shape)
        for clip in clips:
            w, rest = fitted(clip, basis(clip.closed, c))
            rest = rest + w @ c.reshape(len(NAMES), -1)
            w, rest = w - w.mean(0), (rest - rest.mean(0)).reshape(len(w), -1, 3)
            mirrored = rest[:, SWAP_H] * (-1, 1, 1)
            for ww, rr in ((w, rest), (w[:, swap], mirrored)):
                gram += ww.T @ ww / len(w) / len(clips)
                match += np.tensordot(ww.T, rr, 1) / len(w) / len(clips)
        c = np.zeros(shape)
        for j in range(len(H)):
            k = np.flatnonzero(mask[:, j])
            if len(k):
                system = gram[np.ix_(k, k)] + RIDGE[j] * np.eye(len(k))
                c[k, j] = np.linalg.solve(system, match[k, j])
        c = constrained(c, largest)
    return c


def explained(pairs: list[tuple[Clip, np.ndarray]]) -> str:
    """Describe the variance explained in x and y, pooled over clips, by region."""
    words = []
    rests = [(clip, fitted(clip, basis(clip.closed, c))[1]) for clip, c in pairs]
    for name, landmarks in REGIONS.items():
        columns = np.isin(H, list(landmarks)).repeat(3) & np.tile([True, True, False], len(H))
        own, left = (
            sum(float(x[:, columns].var(0).sum()) for x in xs)
            for xs in ([c.moved for c, _ in rests], [r for _, r in rests])
        )
        words.append(f"{name} {100 * (1 - left / own):.1f}")
    return ", ".join(words)


def main() -> None:
    """Read, measure both ways, report, write."""
    folder, persons = Path(sys.argv[1]), Path(sys.argv[2])
    with persons.open() as file:
        names = {Path(row["file"]).stem: row["identity"] for row in csv.DictReader(file)}
    clips = [read_clip(p, names.get(p.stem, p.stem)) for p in sorted(folder.glob("*.npz"))]
    people = sorted({clip.person for clip in clips})
    print(f"{len(clips)} clips, {len(people)} persons")
    blendshapes.measured_corrections = lambda: {}  # type: ignore[assignment]
    halves = [[c for c in clips if (c.person in people[::2]) == first] for first in (True, False)]
    pairs = []
    for train, test in (halves, halves[::-1]):
        correction = measured(train)
        pairs += [(clip, correction) for clip in test]
    print("by the other half:", explained(pairs))
    c = measured(clips)
    print("by all:", explained([(clip, c) for clip in clips]))
    steps = np.round(c[..., :2] / UNIT_MM).astype(np.int16)
    shapes, points = steps.any((1, 2)), steps.any((0, 2))
    out = Path(sys.argv[3] if len(sys.argv) > 3 else "measured_shapes.npz")
    np.savez_compressed(
        out, names=np.array(NAMES)[shapes], landmarks=H[points].astype(np.int16),
        steps=steps[shapes][:, points],
    )  # fmt: skip
    print(f"wrote {out}, {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()

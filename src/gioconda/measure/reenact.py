"""Reenactment: does a photo, driven by a real person's motion, look like the real video?

The first frame of a clip becomes the portrait, the motion tracked in the clip drives it, and each
rendered frame is compared with the real one, seen through the same crop. Definitions of the
landmark errors are those of the renderer's prototype, so that figures compare.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.capture.fit import Fitter
from gioconda.capture.head_pose import RIGID, fit_poses
from gioconda.capture.performance import linked_frames, moments
from gioconda.capture.recording import Recording, record
from gioconda.capture.refinement import refined
from gioconda.capture.regions import REGIONS
from gioconda.capture.resting import look
from gioconda.capture.subject import Subject
from gioconda.capture.unpose import displacement
from gioconda.errors import GiocondaError, OptionError
from gioconda.measure.first_method import first_method_moments
from gioconda.measure.likeness import (
    aligned_face,
    box_round,
    flicker,
    identity,
    psnr,
    ssim,
    within,
)
from gioconda.measure.reenact_score import Landmarks, Pictures, ReenactReport, ReenactScore
from gioconda.motion import INDEX
from gioconda.render.mesh import topology as topo
from gioconda.targets import check_file_target, named_after

logger = logging.getLogger(__name__)

Array = npt.NDArray[np.float64]
ByteImage = npt.NDArray[np.uint8]

#: Frames of a clip that are compared, evenly spread.
MOST_FRAMES: Final = 50
VIDEO_SUFFIXES: Final = (".mp4", ".mpg", ".mov", ".mkv", ".webm", ".avi")
#: Instants in a picture of pairs.
_PAIRS: Final = 9
_PAIR_PX: Final = 256
_FACE_PAD: Final = 0.03
_MOUTH_PAD: Final = 0.25
_JPEG: Final = 75
#: A face turned further than this in frame 0 is noted.
_TURNED_DEG: Final = 20.0
#: Eyes open by less than this part of their usual aperture are noted.
_SHUT: Final = 0.6
_BASELINES: Final = ("ours", "posed", "first_method")


def measure_reenact(
    clips: list[Path],
    *,
    size: int = 512,
    pairs: Path | None = None,
    overwrite: bool = False,
    refine: bool = True,
    progress: Callable[[str], None] | None = None,
) -> ReenactReport:
    """Measure clips; those that cannot be animated are listed with the reason.

    Args:
        clips: videos, or folders of them.
        size: side of the rendered square in pixels.
        pairs: folder, which is there, for a picture of each clip: nine real frames above ours.
            Clips of equal names are numbered.
        overwrite: replace pictures that are there.
        refine: correct lids and brows by what a first render shows
            (:mod:`gioconda.capture.refinement`).
        progress: told the name of each clip.

    Raises:
        OptionError: there is no video among them.
        OutputError: a picture cannot be written, or is there already.
    """
    videos = [v for c in clips for v in (_videos_in(c) if c.is_dir() else [c])]
    if not videos:
        raise OptionError(f"there is no video in {', '.join(repr(str(c)) for c in clips)}")
    pictures = named_after(videos, pairs or Path(), ".png")
    if pairs is not None:
        for target in pictures:
            check_file_target(target, overwrite)
    rows: list[ReenactScore] = []
    failed: dict[str, str] = {}
    for path, target in zip(videos, pictures, strict=True):
        if progress is not None:
            progress(path.name)
        try:
            score, picture = reenact(path, size=size, refine=refine)
        except GiocondaError as e:
            failed[target.stem] = str(e)
            continue
        rows.append(score)
        if pairs is not None:
            _write(target, picture, path)
    return ReenactReport(tuple(rows), failed, refine)


def _videos_in(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in VIDEO_SUFFIXES)


def reenact(
    path: Path, *, size: int = 512, recording: Recording | None = None, refine: bool = True
) -> tuple[ReenactScore, ByteImage]:
    """Measure one clip; return its figures and the picture of pairs.

    Args:
        path: of the clip.
        size: side of the rendered square in pixels.
        recording: of the clip, if it is there already.
        refine: see :func:`measure_reenact`.
    """
    from gioconda.portrait import Portrait
    from gioconda.portrait.crop import sample
    from gioconda.render import MeshRenderer

    recorded = record(path) if recording is None else recording
    found = np.flatnonzero(recorded.found)
    landmarks = recorded.landmarks[found].astype(np.float64)
    frames = _Frames(path, found)
    portrait = Portrait.open(frames.first(), cache=False)
    view = portrait.view(size)
    subject = Subject.of(view, landmarks[0])
    renderer = MeshRenderer(view)
    linked = linked_frames(recorded)
    fitter = Fitter(subject, recorded.rate_hz, linked=linked)
    fitted = fitter.fit(landmarks)
    if refine:
        fitted = refined(fitter, fitted, landmarks, lambda m: renderer.render(m.astype(np.float32)))
    ours = moments(subject, fitted, recorded.rate_hz, linked)
    posed = np.zeros_like(ours)
    head = slice(INDEX["headYaw"], INDEX["headZ"] + 1)
    posed[:, head] = ours[:, head]
    motions = dict(
        zip(_BASELINES, (ours, posed, first_method_moments(subject, landmarks)), strict=True)
    )

    step = max(1, -(-len(found) // MOST_FRAMES))
    chosen = list(range(0, len(found), step))
    comparison = _Comparison(subject, subject.into_view(landmarks), view.image, size)
    for i, image, after in frames.pairs(chosen):
        real = sample(image, view.to_picture, size)
        pictures = {
            name: renderer.render(m[i].astype(np.float32)).copy() for name, m in motions.items()
        }
        comparison.add(i, real, pictures)
        if after is not None:
            next_real = sample(after, view.to_picture, size)
            next_ours = renderer.render(ours[i + 1].astype(np.float32)).copy()
            comparison.add_change(i, (pictures["ours"], next_ours), (real, next_real))
    comparison.close()
    yaw = portrait.face.yaw_deg
    note = _note(yaw, look(landmarks).lids)
    return comparison.score(path.stem, fitted.explained, yaw, note), comparison.picture()


def _note(yaw_deg: float, lids: Array) -> str:
    """Say what frame 0 lacks as a portrait: a far side, or eyes to open."""
    notes = []
    if abs(yaw_deg) > _TURNED_DEG:
        notes.append(f"turned by {abs(yaw_deg):.0f} degrees in frame 0")
    if lids[0] < _SHUT * np.percentile(lids, 75):
        notes.append("eyes nearly shut in frame 0")
    return ", ".join(notes)


@dataclass
class _Frames:
    """The frames of a clip that show the face, decoded as they are asked for."""

    path: Path
    found: npt.NDArray[np.intp]

    def first(self) -> ByteImage:
        for image, _ in self._at([0]):
            return image
        raise OptionError(f"{str(self.path)!r} gives no frames")

    def pairs(self, chosen: list[int]) -> Iterator[tuple[int, ByteImage, ByteImage | None]]:
        """Yield (place among the found frames, frame, the frame after if it shows the face)."""
        for place, (image, after) in zip(chosen, self._at(chosen), strict=False):
            follows = place + 1 < len(self.found) and self.found[place + 1] == self.found[place] + 1
            yield place, image, after if follows else None

    def _at(self, places: list[int]) -> Iterator[tuple[ByteImage, ByteImage | None]]:
        from gioconda.video import read_frames

        wanted = {int(self.found[p]) for p in places}
        held: ByteImage | None = None
        last_s, number = -np.inf, -1
        for time_s, image in read_frames(self.path):
            if time_s <= last_s:
                continue
            last_s, number = time_s, number + 1
            if held is not None:
                yield held, image
                held = None
            if number in wanted:
                held = image
        if held is not None:
            yield held, None


class _Comparison:
    """Collects what is compared, frame by frame."""

    def __init__(self, subject: Subject, seen: Array, photo: ByteImage, size: int) -> None:
        from gioconda.portrait.mediapipe_models import VideoMesh

        self._subject, self._seen, self._photo, self._size = subject, seen, photo, size
        self._trackers = {n: VideoMesh().__enter__() for n in ("ours", "first_method", "floor")}
        self._tracked: dict[str, list[Array]] = {n: [] for n in self._trackers}
        self._kept: list[int] = []
        self._shown: list[tuple[ByteImage, ByteImage]] = []
        self._likeness: dict[tuple[str, str, str], list[float]] = {}
        self._identity: list[tuple[float, float]] = []
        self._flicker: list[float] = []

    def add(self, i: int, real: ByteImage, pictures: dict[str, ByteImage]) -> None:
        import cv2

        kept, blob = cv2.imencode(".jpg", real[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG])
        assert kept
        coded = np.asarray(cv2.imdecode(blob, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]
        shown = {"ours": pictures["ours"], "first_method": pictures["first_method"], "floor": coded}
        meshes = {n: self._find(n, image) for n, image in shown.items()}
        if any(m is None for m in meshes.values()):
            return
        for name, mesh in meshes.items():
            assert mesh is not None
            self._tracked[name].append(mesh)
        if self._kept:  # frame 0 is the photo on both sides
            self._add_likeness(i, real, {**pictures, "still": self._photo})
            reference = aligned_face(self._photo, self._seen[0])
            there = aligned_face(real, self._seen[i])
            here = aligned_face(pictures["ours"], self._tracked["ours"][-1])
            self._identity.append((identity(reference, here), identity(reference, there)))
        self._kept.append(i)
        self._shown.append((real, pictures["ours"]))

    def add_change(
        self, i: int, ours: tuple[ByteImage, ByteImage], real: tuple[ByteImage, ByteImage]
    ) -> None:
        box = box_round(self._seen[i, : topo.LANDMARKS, :2], _FACE_PAD, self._size)
        cut = [within(image, box) for image in (*ours, *real)]
        self._flicker.append(flicker(cut[0], cut[1], (cut[2], cut[3])))

    def close(self) -> None:
        for tracker in self._trackers.values():
            tracker.__exit__(None, None, None)

    def _find(self, name: str, image: ByteImage) -> Array | None:
        tracker = self._trackers[name]
        for _ in range(1 if self._tracked[name] else 3):  # the first mesh settles
            found = tracker.find(image)
        return np.asarray(found[0], np.float64) if found else None

    def _add_likeness(self, i: int, real: ByteImage, pictures: dict[str, ByteImage]) -> None:
        boxes = {
            "face": box_round(self._seen[i, : topo.LANDMARKS, :2], _FACE_PAD, self._size),
            "mouth": box_round(self._seen[i, list(topo.LIPS_OUTER), :2], _MOUTH_PAD, self._size),
        }
        for where, box in boxes.items():
            there = within(real, box)
            for name, image in pictures.items():
                here = within(image, box)
                self._likeness.setdefault((where, "psnr", name), []).append(psnr(here, there))
                self._likeness.setdefault((where, "ssim", name), []).append(ssim(here, there))

    def score(
        self, name: str, explained: dict[str, float], yaw_deg: float, note: str
    ) -> ReenactScore:
        if len(self._kept) < 2:
            raise OptionError(
                f"{name!r} shows a face in fewer than two frames that can be compared"
            )
        real = self._seen[self._kept]
        tracked = {n: np.stack(v) for n, v in self._tracked.items()}
        from_rest = {"real": self._unposed(real, self._seen[0])}
        for n, meshes in tracked.items():
            from_rest[n] = self._unposed(meshes, meshes[0])
        eyes = float(np.linalg.norm(self._seen[0, 33, :2] - self._seen[0, 263, :2]))

        def error(a: Array, b: Array, region: str) -> float:
            away = np.linalg.norm((a - b)[:, list(REGIONS[region]), :2], axis=2)
            return float(away.mean() / eyes)

        moved = {n: m for n, (m, _) in from_rest.items()}
        zero = np.zeros_like(moved["real"])
        landmarks = {
            region: Landmarks(
                ours=error(moved["ours"], moved["real"], region),
                still=error(zero, moved["real"], region),
                floor=error(moved["floor"], moved["real"], region),
                raw=error(tracked["ours"], real, region),
                raw_still=error(np.broadcast_to(self._seen[0], real.shape), real, region),
                first_method=error(moved["first_method"], moved["real"], region),
            )
            for region in REGIONS
        }
        turned = {n: r for n, (_, r) in from_rest.items()}
        still = np.broadcast_to(np.eye(3), turned["real"].shape)
        return ReenactScore(
            name,
            len(self._kept),
            landmarks,
            _angle_between(turned["ours"], turned["real"]),
            _angle_between(still, turned["real"]),
            _angle_between(turned["floor"], turned["real"]),
            self._pictures("face"),
            self._pictures("mouth"),
            float(
                np.mean([a for a, _ in self._identity]) / np.mean([b for _, b in self._identity])
            ),
            float(np.mean(self._flicker)) if self._flicker else 0.0,
            explained,
            yaw_deg,
            note,
        )

    def _unposed(self, meshes: Array, reference: Array) -> tuple[Array, Array]:
        """Return (T, 478, 3) displacements from a reference, the head's pose out; rotations."""
        camera, rigid = self._subject.camera, list(RIGID)
        rest = camera.unproject(reference)
        poses = fit_poses(rest[rigid], meshes[:, rigid, :2], camera)
        return displacement(poses, rest, meshes, camera), poses.rotation

    def _pictures(self, where: str) -> Pictures:
        names = (*_BASELINES, "still")
        psnrs, ssims = (
            {n: float(np.mean(self._likeness[where, what, n])) for n in names}
            for what in ("psnr", "ssim")
        )
        return Pictures(psnrs, ssims)

    def picture(self) -> ByteImage:
        """Return nine instants, the real frame above ours."""
        import cv2

        at = np.linspace(0, len(self._shown) - 1, _PAIRS).round().astype(int)
        columns = []
        for i in at:
            column = [
                cv2.resize(image, (_PAIR_PX, _PAIR_PX), interpolation=cv2.INTER_AREA)
                for image in self._shown[i]
            ]
            columns.append(np.vstack(column))
        return np.asarray(np.hstack(columns), np.uint8)


def _angle_between(a: Array, b: Array) -> float:
    """Return the mean angle between rotations, (T, 3, 3), in degrees."""
    trace = np.einsum("tij,tij->t", a, b)
    return float(np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1))).mean())


def _write(path: Path, image: ByteImage, clip: Path) -> None:
    from gioconda.trust.origins import file_of
    from gioconda.trust.provenance import Provenance
    from gioconda.trust.stills import marked_still, save_still
    from gioconda.trust.watermark.marks import own_marks

    marks = own_marks()
    made_from = Provenance("person", None, file_of(clip, "motion"), marks.identifier)
    save_still(marked_still(image, marks), path, made_from)

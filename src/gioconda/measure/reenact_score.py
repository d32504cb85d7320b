"""The figures of reenactment: of one clip, and of several."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from math import isnan
from statistics import median
from typing import Any, Final

from gioconda.capture.regions import REGIONS

#: Shares that are aimed for, landmark error over that of the posed still photo.
BARS: Final = {"lips": 0.40, "eyes": 0.65, "brows": 0.65, "jaw": 0.58}


@dataclass(frozen=True)
class Landmarks:
    """Landmark error of one region, in outer-eye distances.

    The head's motion is taken out of both sides (rigid points, x and y), and each side is counted
    from its own frame 0, which takes out what the tracker sees differently in our picture.

    Attributes:
        ours: re-tracked from our frames.
        still: of the still photo with a perfect pose.
        floor: of the real frames through JPEG of quality 75: the tracker's own.
        raw: of our frames as they are, pose included.
        raw_still: of the still photo as it is.
        first_method: re-tracked from the first prototype's frames.
    """

    ours: float
    still: float
    floor: float
    raw: float
    raw_still: float
    first_method: float

    @property
    def share(self) -> float:
        """Ours over the posed still photo's."""
        return self.ours / max(self.still, 1e-9)


@dataclass(frozen=True)
class Pictures:
    """Likeness to the real frames, mean over them: PSNR in decibels and SSIM.

    Attributes:
        psnr, ssim: of ours and each baseline by name: "ours", "still" (the photo), "posed" (our
            renderer with the tracked pose alone), "first_method".
    """

    psnr: dict[str, float]
    ssim: dict[str, float]

    def best(self) -> bool:
        """Whether ours has the highest SSIM."""
        return self.ssim["ours"] >= max(v for k, v in self.ssim.items() if k != "ours")


@dataclass(frozen=True)
class ReenactScore:
    """The figures of one clip.

    Attributes:
        name: of the clip.
        frames: compared.
        landmarks: by region.
        pose_deg: mean angle between the head's rotation in ours and in the real frame.
        pose_still_deg: the same for the still photo: how far the head turns.
        pose_floor_deg: the same for the tracker's floor.
        face, mouth: pictures within the box of the face and of the mouth.
        identity: mean correlation of our aligned face with frame 0's, over that of the real frames.
        flicker: mean change from frame to frame where the real picture has none, grey levels.
        explained: see :attr:`gioconda.capture.fit.ClipFit.explained`.
        yaw_deg: of the face in frame 0.
        note: what makes the clip hard, or empty.
    """

    name: str
    frames: int
    landmarks: dict[str, Landmarks]
    pose_deg: float
    pose_still_deg: float
    pose_floor_deg: float
    face: Pictures
    mouth: Pictures
    identity: float
    flicker: float
    explained: dict[str, float]
    yaw_deg: float
    note: str = ""


@dataclass(frozen=True)
class ReenactReport:
    """The figures of several clips.

    Attributes:
        clips: one row each.
        failed: clips that could not be measured, and why.
        refined: whether lids and brows were corrected by what a first render showed.
    """

    clips: tuple[ReenactScore, ...]
    failed: dict[str, str] = field(default_factory=dict)
    refined: bool = False

    def shares(self) -> dict[str, float]:
        """Return the mean error over the clips as a share of the posed still photo's mean error.

        The ratio of means, as in the prototype's table; clips that move more count more.
        """
        return {
            region: sum(c.landmarks[region].ours for c in self.clips)
            / max(sum(c.landmarks[region].still for c in self.clips), 1e-9)
            for region in REGIONS
        }

    def mouth_best_share(self) -> float:
        """Return the share of clips in which our mouth box has the highest SSIM."""
        return sum(c.mouth.best() for c in self.clips) / max(len(self.clips), 1)

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        return {
            "clips": [
                {**asdict(c), "shares": {k: v.share for k, v in c.landmarks.items()}}
                for c in self.clips
            ],
            "failed": self.failed,
            "shares": self.shares() if self.clips else {},
            "mouth_best_share": self.mouth_best_share(),
            "refined": self.refined,
        }

    def table(self) -> str:
        """Return the figures as text: a row a clip, then medians and means."""
        width = max([len(c.name) for c in self.clips] + [len(n) for n in self.failed] + [20])
        regions = list(REGIONS)
        head = " " * (width + 2 + 7 * len(regions))
        lines = [
            f"{'share of the posed photo':<{width}}  "
            + " ".join(f"{r:>6}" for r in regions)
            + "  pose  turns | mouth SSIM: ours, | face PSNR: ours,   ident  flick"
        ]
        lines.append(head + "              | posed, photo, first     | posed, first method")
        lines += [self._row(c, width) for c in self.clips]
        lines += [f"{name:<{width}}  not measured: {why}" for name, why in self.failed.items()]
        if self.clips:
            lines += self._summary(width, regions)
        lines.append(
            "lids and brows were corrected once by tracking our own frames, as 'track --refine' "
            "does; --no-refine leaves that out"
            if self.refined
            else "the motion is that of 'track'; no frame of ours was looked at to correct it"
        )
        return "\n".join(lines)

    @staticmethod
    def _row(c: ReenactScore, width: int) -> str:
        mouth, face = c.mouth.ssim, c.face.psnr
        shares = " ".join(f"{c.landmarks[r].share:6.2f}" for r in REGIONS)
        ssims = " ".join(f"{mouth[k]:.3f}" for k in ("ours", "posed", "still", "first_method"))
        psnrs = "  ".join(f"{face[k]:4.1f}" for k in ("ours", "posed", "first_method"))
        return (
            f"{c.name:<{width}}  {shares}  {c.pose_deg:4.1f}  {c.pose_still_deg:5.1f} | "
            f"{ssims}{'*' if c.mouth.best() else ' '}| {psnrs}  {c.identity:5.3f}  {c.flicker:5.2f}"
            f"  {c.note}"
        ).rstrip()

    def _summary(self, width: int, regions: list[str]) -> list[str]:
        def row(title: str, values: list[float], form: str = "6.2f") -> str:
            cells = ("     -" if isnan(v) else f"{v:{form}}" for v in values)
            return f"{title:<{width}}  " + " ".join(cells)

        def mean(region: str, what: str) -> float:
            values = [float(getattr(c.landmarks[region], what)) for c in self.clips]
            return sum(values) / len(values)

        def median_share(region: str) -> float:
            return median(c.landmarks[region].share for c in self.clips)

        shares = self.shares()
        lines = [
            row("median share", [median_share(r) for r in regions]),
            row("share of the means", [shares[r] for r in regions]),
            row("  first method", [mean(r, "first_method") / mean(r, "still") for r in regions]),
            row("  tracker's floor", [mean(r, "floor") / mean(r, "still") for r in regions]),
            row("  aimed for", [BARS.get(r, float("nan")) for r in regions]),
            row(
                "variance explained, %",
                [100 * median(c.explained[r] for c in self.clips) for r in regions], "6.0f",
            ),
        ]  # fmt: skip
        for title, which in (("mouth", "mouth"), ("face", "face")):
            for what in ("psnr", "ssim"):
                values = {
                    k: median(getattr(getattr(c, which), what)[k] for c in self.clips)
                    for k in ("ours", "posed", "still", "first_method")
                }
                form = ".1f" if what == "psnr" else ".3f"
                lines.append(
                    f"{title} {what.upper()}, median: "
                    + ", ".join(f"{k.replace('_', ' ')} {v:{form}}" for k, v in values.items())
                )
        best = sum(c.mouth.best() for c in self.clips)
        lines.append(f"our mouth has the highest SSIM in {best} of {len(self.clips)} clips (*)")
        lines.append(
            f"medians: pose {median(c.pose_deg for c in self.clips):.1f} degrees (floor "
            f"{median(c.pose_floor_deg for c in self.clips):.1f}), identity "
            f"{median(c.identity for c in self.clips):.3f}, flicker "
            f"{median(c.flicker for c in self.clips):.2f} grey levels"
        )
        return lines

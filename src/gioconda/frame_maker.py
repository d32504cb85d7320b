"""Frames of one portrait: a moment of motion and a distance go in, a picture comes out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from gioconda.background import Background, BackgroundLike, background_of
from gioconda.errors import OptionError
from gioconda.motion import FloatArray, neutral
from gioconda.zoom import Zoom

if TYPE_CHECKING:
    from gioconda.portrait import Portrait, View
    from gioconda.render.types import AlphaRenderer
    from gioconda.trust.label import Box
    from gioconda.trust.provenance import Basis
    from gioconda.trust.watermark.marker import Marker
    from gioconda.trust.watermark.marks import Marks

ByteImage = npt.NDArray[np.uint8]


FPS_RANGE: Final = (24.0, 60.0)
SIZES: Final = (256, 512, 768, 1024)
FRAMINGS: Final = ("crop", "full")
KEPT: Final = Background()
#: Frames handed out before a buffer is used again.
BUFFERS: Final = 4


def check_options(
    fps: float,
    size: int,
    framing: str,
    distance: float = 1.0,
    background: Background = KEPT,
) -> None:
    """Check the options that every way of making frames shares.

    Raises:
        OptionError: one of them is out of range; the message says the range.
    """
    if not (math.isfinite(fps) and FPS_RANGE[0] <= fps <= FPS_RANGE[1]):
        raise OptionError(f"fps is {fps:g}; it must lie between 24 and 60")
    if size not in SIZES:
        raise OptionError(f"size is {size}; it must be one of {', '.join(map(str, SIZES))}")
    if framing not in FRAMINGS:
        raise OptionError(f"framing is {framing!r}; it must be 'crop' or 'full'")
    if framing == "full" and distance != 1:
        raise OptionError(
            f"distance is {distance:g} with framing 'full', which shows the whole picture as it "
            "is; use framing 'crop'"
        )
    if framing == "full" and background.kind != "keep":
        raise OptionError(
            "framing 'full' shows the whole picture with its own background; use framing 'crop' "
            "for another one"
        )


class FrameMaker:
    """Turns moments of motion into marked frames of one portrait, cropped or whole.

    Every frame that leaves Gioconda comes from here, so here is where a basis is asked for and
    where the watermark goes in; nothing switches either off.

    Args:
        portrait: whom to animate.
        size: side of the square frames, one of 256, 512, 768, 1024.
        framing: ``"crop"`` gives the square, ``"full"`` the whole picture, in which a square at
            the picture's own resolution is animated.
        distance: of the camera, as in :class:`gioconda.Controls`; the crop shows as much more,
            or less, of the picture. A pair, nearest and furthest, where it changes from frame to
            frame.
        background: see :func:`gioconda.background.background_of`.
        renderer: name in the registry of renderers.
        basis: on which the portrait is animated: a statement, or a grant given for one; None
            relies on the ledger.
        marks: what the watermark says; this installation's own if None.
        marker: of the frames before these, which show the same from another distance: its mark
            goes on, so that no step of it is seen. One is made, and rehearsed, if None.
        language: of the visible label, where :meth:`frame` is asked for one; a key of
            :data:`gioconda.trust.label.WORDS`.

    Attributes:
        grant: on which the portrait is animated.
        marks: as given, or this installation's own.
        marker: marks the frames.
        background: what is behind the person.

    Raises:
        OptionError: an option is out of range, the whole picture is asked for at a distance or
            with another background, or the renderer cannot give a transparent one.
        ConsentError: the portrait may not be animated.
        TrustError: the keys of the watermark cannot be read or made.
    """

    def __init__(
        self,
        portrait: Portrait,
        *,
        size: int = 512,
        framing: str = "crop",
        distance: float | tuple[float, float] = 1.0,
        background: BackgroundLike = KEPT,
        renderer: str = "mesh",
        basis: Basis | None = None,
        marks: Marks | None = None,
        marker: Marker | None = None,
        language: str = "en",
    ) -> None:
        from gioconda.render import Paster
        from gioconda.render.registry import create
        from gioconda.render.types import AlphaRenderer
        from gioconda.trust.consent.requirement import Watch, granted
        from gioconda.trust.label import Label
        from gioconda.trust.watermark.marker import Marker
        from gioconda.trust.watermark.marks import own_marks
        from gioconda.trust.watermark.rehearsal import typical_moments

        behind = self.background = background_of(background)
        near, far = distance if isinstance(distance, tuple) else (distance, distance)
        for off in (near, far):
            check_options(40.0, size, framing, off, behind)
        self.grant = granted(portrait, basis)
        self._consent = Watch(self.grant)
        if marks is None:
            marks = own_marks() if marker is None else marker.marks
        self.marks = marks
        self.distances = (near, far)
        self._zoom = Zoom(size, near, far) if far > near else None
        whole = framing == "full"
        if self._zoom is not None:
            rendered = self._zoom.side
            view = portrait.view(rendered, self._zoom.distance)
            self._zoom.place(_unit_frame(portrait, view), _face_in(view))
            shown = (0, 0, rendered)
        else:
            # Nearer than the portrait: the whole head is rendered larger and a part of it shown,
            # so that hair cut by the frame still moves as hair.
            rendered = size if near >= 1 else 2 * math.ceil(size / near / 2)
            view = portrait.view_in_place() if whole else portrait.view(rendered, max(near, 1.0))
            middle = view.landmarks[:468, :2].mean(axis=0) - size / 2
            self._left, self._top = (int(v) for v in np.clip(middle, 0, rendered - size))
            shown = (self._left, self._top, size)
        if behind.kind != "keep":
            from gioconda.render.backdrop import before

            view = before(view, behind, shown)
        self._renderer = create(renderer, view)
        self._alpha: AlphaRenderer | None = None
        if behind.transparent:
            if not isinstance(self._renderer, AlphaRenderer):
                raise OptionError(f"the renderer {renderer!r} cannot leave the background out")
            self._alpha = self._renderer
            self._cover = np.empty((rendered, rendered), np.uint8)
        layers = 4 if behind.transparent else 3
        self._cuts = [np.empty((size, size, layers), np.uint8) for _ in range(BUFFERS)]
        self._next = 0
        self._paster: Paster | None = None
        if whole:
            rest = self._renderer.render(neutral()).copy()
            self._paster = Paster(portrait.picture, view, rest)
        height, width = portrait.picture.shape[:2] if whole else (size, size)
        self.width: int = int(width)
        self.height: int = int(height)
        faces = _faces(portrait, size, near) if not whole else _faces_in_picture(portrait)
        self._label = Label(self.width, self.height, language, faces)
        self.marker = marker or Marker(self.width, self.height, self.marks)
        if marker is None:
            self.marker.rehearse(
                (self._unmarked(now, None).copy(), self._unmarked(soon, None))
                for now, soon in typical_moments()
            )

    def frame(
        self, moment: FloatArray, distance: float | None = None, *, label: float = 0.0
    ) -> ByteImage:
        """Return the marked frame of a moment, uint8 RGB, (height, width, 3).

        With the background ``none``, RGB and alpha, (height, width, 4), not premultiplied. It is
        valid until three more are made.

        Args:
            moment: of the motion.
            distance: of the camera, between the two that this was made for; None, or made for
                one alone: that.
            label: how much of the visible label is seen, 0 to 1.

        Raises:
            ConsentError: the consent was revoked, or has expired, while frames were
                made; said within half a second.
        """
        self._consent.check()
        image = self._unmarked(moment, distance)
        if not label > 0:
            return self.marker.marked(image)
        with self._label.on(image, label):
            return self.marker.marked(image)

    def _unmarked(self, moment: FloatArray, distance: float | None) -> ByteImage:
        square = self._renderer.render(moment)
        if self._paster is not None:
            return self._paster.paste(square)
        at = self.distances[0] if distance is None else distance
        if self._alpha is not None:
            self._alpha.alpha(self._cover)
            out = self._buffer()
            out[..., :3] = self._part(square, at)
            out[..., 3] = self._part(self._cover, at)
            return out
        if self._zoom is not None:
            return self._zoom.cut(square, at, self._buffer())
        if square.shape[0] == self.height:
            return square
        return np.ascontiguousarray(self._part(square, at))

    def _part(self, square: ByteImage, distance: float) -> ByteImage:
        if self._zoom is not None:
            return self._zoom.cut(square, distance)
        bottom, right = self._top + self.height, self._left + self.width
        return square[self._top : bottom, self._left : right]

    def _buffer(self) -> ByteImage:
        self._next = (self._next + 1) % BUFFERS
        return self._cuts[self._next]


def _unit_frame(portrait: Portrait, view: View) -> tuple[float, float, float]:
    """Return left, top and side of what distance 1 sees, as parts of a view."""
    inner = portrait.frame()
    step = float(view.to_picture[0, 0])
    side = step * view.size
    left, top = (float(v) - 0.5 * step + 0.5 for v in view.to_picture[:, 2])
    return (inner.left - left) / side, (inner.top - top) / side, inner.side / side


def _face_in(view: View) -> tuple[float, float]:
    """Return the middle of the face, as parts of a view."""
    x, y = view.landmarks[:468, :2].mean(axis=0) / view.size
    return float(x), float(y)


def _faces(portrait: Portrait, size: int, distance: float) -> list[Box]:
    """Return where the face lies in the square frames, at their nearest distance."""
    frame = portrait.frame()
    points = (portrait.face.landmarks[:468, :2] - (frame.left, frame.top)) * (size / frame.side)
    nearer = 1 / min(distance, 1.0)
    return [_box((points - size / 2) * nearer + size / 2)]


def _faces_in_picture(portrait: Portrait) -> list[Box]:
    return [_box(face.landmarks[:468, :2]) for face in portrait.faces]


def _box(points: FloatArray) -> Box:
    left, top = points.min(axis=0)
    right, bottom = points.max(axis=0)
    return float(left), float(top), float(right), float(bottom)

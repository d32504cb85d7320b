"""The sound of a video, encoded as far as the picture has come.

The encoder's priming is declared in the file (an edit list in MP4, codec delay in Matroska), so
that players and :class:`gioconda.speech.Sound` hear sample 0 at the instant of frame 0.
"""

from __future__ import annotations

import logging
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

if TYPE_CHECKING:
    import av
    from av.audio.stream import AudioStream
    from av.container import OutputContainer

    from gioconda.speech.sound import Sound

logger = logging.getLogger(__name__)

#: Rates that the encoders take, limited to those that every player plays.
ENCODER_RATES_HZ: Final[dict[str, tuple[int, ...]]] = {
    "aac": (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
    "libopus": (8000, 12000, 16000, 24000, 48000),
}
#: Bits a second for one channel, up to a rate.
_CHANNEL_BITS: Final[dict[str, tuple[tuple[int, int], ...]]] = {
    "aac": ((12_000, 40_000), (24_000, 72_000), (48_000, 112_000)),
    "libopus": ((16_000, 40_000), (48_000, 72_000)),
}

#: The fast coder takes half the time; at these bit rates its error is no larger (8 to 48 kHz
#: speech: signal to noise 35 to 46 dB against 24 to 49 dB of the default).
_OPTIONS: Final[dict[str, dict[str, str]]] = {"aac": {"aac_coder": "fast"}}


def encoder_rate_hz(codec: str, rate_hz: int) -> int:
    """Return the rate at which a codec keeps a sound: its own, or the next above, or the top.

    Codecs without an entry in :data:`ENCODER_RATES_HZ` (PCM) take every rate.
    """
    rates = ENCODER_RATES_HZ.get(codec, (rate_hz,))
    return next((r for r in rates if r >= rate_hz), rates[-1])


class Soundtrack:
    """One audio stream of a container.

    Args:
        sound: what is heard; read once, in step with :meth:`advance`.
        container: takes the stream; packets go to it as they come.
        codec: ``aac``, ``libopus`` or ``pcm_s16le``.
    """

    def __init__(self, sound: Sound, container: OutputContainer, codec: str) -> None:
        self._container = container
        self._frames = sound.original_frames()
        self._rate_hz = sound.rate_hz
        self._held: av.AudioFrame | None = None
        self._position = 0
        rate = encoder_rate_hz(codec, sound.rate_hz)
        if rate != sound.rate_hz:
            logger.info("the sound of %d Hz is kept at %d Hz", sound.rate_hz, rate)
        layout = "mono" if sound.channels == 1 else "stereo"
        self._stream = cast(
            "AudioStream",
            container.add_stream(codec, rate=rate, layout=layout, options=_OPTIONS.get(codec)),
        )
        if codec in _CHANNEL_BITS:
            bits = next(bits for top, bits in _CHANNEL_BITS[codec] if rate <= top)
            self._stream.bit_rate = bits * (1 if layout == "mono" else 2)

    def advance(self, time_s: Fraction) -> None:
        """Encode the frames of sound that end by an instant.

        Raises:
            SoundError: the sound turned out to be bad.
        """
        target = int(time_s * self._rate_hz)
        while (frame := self._next()) is not None:
            if self._position + frame.samples > target:
                self._held = frame
                return
            self._encode(frame)

    def finish(self, time_s: Fraction) -> None:
        """Encode the rest up to an instant, to the sample, and flush."""
        self.advance(time_s)
        missing = int(time_s * self._rate_hz) - self._position
        if self._held is not None and missing > 0:
            self._encode(_beginning(self._held, missing))
        self._held = None
        self._frames.close()
        self._container.mux(self._stream.encode(None))

    def _next(self) -> av.AudioFrame | None:
        frame, self._held = self._held, None
        return frame if frame is not None else next(self._frames, None)

    def _encode(self, frame: av.AudioFrame) -> None:
        frame.pts = self._position
        frame.time_base = Fraction(1, self._rate_hz)
        self._position += frame.samples
        self._container.mux(self._stream.encode(frame))


def _beginning(frame: av.AudioFrame, samples: int) -> av.AudioFrame:
    """Return the first samples of a frame, in its own format."""
    import av

    values = samples if frame.format.is_planar else samples * frame.layout.nb_channels
    array: Any = np.ascontiguousarray(frame.to_ndarray()[:, :values])
    part = av.AudioFrame.from_ndarray(array, format=frame.format.name, layout=frame.layout)
    part.sample_rate = frame.sample_rate
    return part

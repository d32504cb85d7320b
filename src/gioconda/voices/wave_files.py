"""Reads the WAV that a speaking program wrote."""

from __future__ import annotations

import io
import wave

import numpy as np
import numpy.typing as npt

from gioconda.errors import VoiceError


def read_wave(raw: bytes, name: str) -> tuple[npt.NDArray[np.int16], int]:
    """Return samples, mono, and their rate.

    Args:
        raw: a WAV file of 16-bit samples; a length that was not known when it was begun is borne.
        name: of the program, for messages.

    Raises:
        VoiceError: it is none.
    """
    try:
        with wave.open(io.BytesIO(raw), "rb") as file:
            width, channels, rate_hz = file.getsampwidth(), file.getnchannels(), file.getframerate()
            data = file.readframes(1 << 30)
    except (wave.Error, EOFError) as e:
        raise VoiceError(f"{name} wrote no WAV file that can be read: {e or 'it is empty'}") from e
    if width != 2:
        raise VoiceError(f"{name} wrote a WAV of {8 * width} bits; 16 are needed")
    whole = len(data) - len(data) % (2 * channels)
    samples = np.frombuffer(data[:whole], "<i2").reshape(-1, channels)
    if channels > 1:
        samples = samples.mean(axis=1)
    return samples.reshape(-1).astype(np.int16), rate_hz

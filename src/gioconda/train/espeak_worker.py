"""Speak prompts with espeak-ng and say when each phone sounds; run as a process of its own.

``python -m gioconda.train.espeak_worker FOLDER MINUTES SEED`` reads ``FOLDER/prompts.json`` and
writes ``samples.npy`` (int16, 16 kHz, all utterances in a row) and ``phones.jsonl``. espeak-ng's
command line does not tell phone times, so the system's shared library is asked. It keeps global
state and a C callback, and has a licence of its own, therefore a separate process.
"""

from __future__ import annotations

import ctypes
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.train.phone_classes import ipa_classes
from gioconda.train.voices import at_16k

ENGLISH_VOICES: Final = (
    "en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-us-nyc", "en-gb-x-gbclan",
)  # fmt: skip
_LIBRARY: Final = "libespeak-ng.so.1"
_SYNCHRONOUS, _PHONE_IPA_EVENTS = 2, 3
_UTF8, _END_PAUSE = 1, 0x1000
_PHONE_EVENT = 7
_RATE, _PITCH, _RANGE = 1, 3, 4
_VOICELESS_STOPS: Final = frozenset("ptkcqʈʦʧ")


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("text", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


class Espeak:
    """The system's espeak-ng library, synchronous, with phone events."""

    def __init__(self) -> None:
        self._blocks: list[npt.NDArray[np.int16]] = []
        self._phones: list[tuple[float, str]] = []
        signature = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
        )
        self._library = ctypes.CDLL(_LIBRARY)
        self._callback = signature(self._receive)  # a reference, or C calls freed memory
        self.rate_hz = int(
            self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONE_IPA_EVENTS)
        )
        self._library.espeak_SetSynthCallback(self._callback)

    def _receive(self, samples: Any, count: int, events: Any) -> int:
        if count > 0:
            self._blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        i = 0
        while events[i].type:
            if events[i].type == _PHONE_EVENT:
                raw = ctypes.string_at(ctypes.addressof(events[i].id), 8).split(b"\0")[0]
                onset_s = events[i].audio_position_ms / 1000
                self._phones.append((onset_s, raw.decode("utf-8", "ignore")))
            i += 1
        return 0

    def speak(
        self, text: str, voice: str, rate: int, pitch: int, pitch_range: int
    ) -> tuple[npt.NDArray[np.float32], list[tuple[float, str]]] | None:
        """Return samples at ``rate_hz`` and (onset, IPA) pairs; None for an unknown voice."""
        self._blocks.clear()
        self._phones.clear()
        library = self._library
        if library.espeak_SetVoiceByName(voice.encode()):
            return None
        for parameter, value in ((_RATE, rate), (_PITCH, pitch), (_RANGE, pitch_range)):
            library.espeak_SetParameter(parameter, value, 0)
        raw = text.encode()
        library.espeak_Synth(raw, len(raw) + 1, 0, 1, 0, _UTF8 | _END_PAUSE, None, None)
        library.espeak_Synchronize()
        if not self._blocks:
            return None
        return np.concatenate(self._blocks).astype(np.float32) / np.float32(32768), list(
            self._phones
        )


def voice_variants() -> list[str]:
    """Return the timbres that espeak-ng has (about 80), by file name."""
    listed = subprocess.run(
        ["espeak-ng", "--voices=variant"], capture_output=True, text=True, check=True
    ).stdout
    names = (line.split()[-1] for line in listed.splitlines()[1:] if line.strip())
    return sorted({name.removeprefix("!v/") for name in names if name.startswith("!v/")})


def stops_at_closure(
    samples: npt.NDArray[np.float32], phones: list[tuple[float, str]], rate_hz: int
) -> list[tuple[float, str]]:
    """Move the onset of voiceless stops back over their silent closure.

    espeak-ng marks them at the burst; unmoved, closures would be learned late.
    """
    step_s = 0.005
    frame = int(step_s * rate_hz)
    count = len(samples) // frame
    level = np.sqrt((samples[: count * frame].reshape(count, frame) ** 2).mean(1) + 1e-12)
    level *= 0.5 / (np.abs(samples).max() + 1e-9)
    moved = []
    for i, (onset, symbol) in enumerate(phones):
        if symbol and symbol[0] in _VOICELESS_STOPS and i and phones[i - 1][1]:
            k = int(onset / step_s) - 1
            first = max(int(phones[i - 1][0] / step_s) + 4, int((onset - 0.14) / step_s))
            while first < k < count and level[k] < 0.006:
                k -= 1
            onset = min(onset, (k + 1) * step_s)
        moved.append((onset, symbol))
    return moved


def main(folder: str, minutes: float, seed: int) -> None:
    """Write ``minutes`` of speech to the folder."""
    out = Path(folder)
    prompts: dict[str, list[str]] = json.loads((out / "prompts.json").read_text("utf-8"))
    others = [language for language in prompts if language != "en"]
    rng, espeak, variants = random.Random(seed), Espeak(), voice_variants()
    blocks: list[npt.NDArray[np.int16]] = []
    total, wanted, refused = 0, int(minutes * 60 * 16000), 0
    with (out / "phones.jsonl").open("w", encoding="utf-8") as lines:
        while total < wanted and refused < 1000:
            language = rng.choice(others) if others and rng.random() < 0.7 else "en"
            text = rng.choice(prompts[language])
            if rng.random() < 0.12:
                text = " ".join(text.split()[:3])
            voice = rng.choice(ENGLISH_VOICES) if language == "en" else language
            if rng.random() < 0.9:
                voice += "+" + rng.choice(variants)
            rate = int(rng.gauss(165, 30)) if rng.random() < 0.9 else rng.randint(90, 300)
            spoken = espeak.speak(text, voice, rate, rng.randint(5, 95), rng.randint(10, 100))
            if spoken is None or len(spoken[0]) < 0.5 * espeak.rate_hz or len(spoken[1]) < 4:
                refused += 1
                continue
            phones = stops_at_closure(*spoken, espeak.rate_hz)
            samples = at_16k(spoken[0], espeak.rate_hz)
            onsets = [(round(onset, 4), ipa_classes(symbol)) for onset, symbol in phones]
            entry = {"voice": voice, "samples": len(samples), "phones": onsets}
            lines.write(json.dumps(entry, ensure_ascii=False) + "\n")
            blocks.append(samples)
            total += len(samples)
    np.save(out / "samples.npy", np.concatenate(blocks) if blocks else np.zeros(0, np.int16))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))

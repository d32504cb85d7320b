"""Speech with known phones from Debian's free synthetic voices, each run as its own program.

Needs the programs espeak-ng, festival and flite; voices that are not installed are left out and
named in the log.
"""

from __future__ import annotations

import json
import logging
import random
import re
import shutil
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import GiocondaError
from gioconda.speech.types import SAMPLE_RATE_HZ
from gioconda.train.phone_classes import Segment, festival_classes, segments
from gioconda.train.prompts import Prompts

logger = logging.getLogger(__name__)

#: What ``apt-get install`` needs for the whole recipe.
DEBIAN_PACKAGES: Final[tuple[str, ...]] = (
    "espeak-ng", "flite", "festival", "festvox-kallpc16k", "festvox-kdlpc16k",
    "festvox-us-slt-hts", "festvox-czech-dita", "festvox-czech-krb", "festvox-czech-machac",
    "festvox-czech-ph", "festvox-itapc16k", "festvox-italp16k", "festvox-suopuhe-lj",
    "festvox-suopuhe-mv", "festvox-ca-ona-hts", "festvox-ru",
)  # fmt: skip
#: Festival voice -> (language of its prompts, encoding of its programs).
FESTIVAL_VOICES: Final[dict[str, tuple[str, str]]] = {
    "kal_diphone": ("en", "latin-1"),
    "ked_diphone": ("en", "latin-1"),
    "cmu_us_slt_arctic_hts": ("en", "latin-1"),
    "czech_dita": ("cs", "iso-8859-2"),
    "czech_krb": ("cs", "iso-8859-2"),
    "czech_machac": ("cs", "iso-8859-2"),
    "czech_ph": ("cs", "iso-8859-2"),
    "pc_diphone": ("it", "latin-1"),
    "lp_diphone": ("it", "latin-1"),
    "suo_fi_lj_diphone": ("fi", "latin-1"),
    "hy_fi_mv_diphone": ("fi", "latin-1"),
    "upc_ca_ona_hts": ("ca", "latin-1"),
    "msu_ru_nsh_clunits": ("ru", "utf-8"),
}
FLITE_VOICES: Final[tuple[str, ...]] = ("slt", "rms", "awb", "kal16")
_STRETCHES: Final = (0.8, 0.9, 1.0, 1.0, 1.15, 1.3)
_PEAK: Final = 0.5
_PORTION_MINUTES: Final = 12.0
_SEEDS_APART: Final = 10_000
_MOST_CRASHES: Final = 20


@dataclass(frozen=True)
class Utterance:
    """One spoken prompt: int16 samples at 16 kHz, its phones, and ``program:voice``."""

    samples: npt.NDArray[np.int16]
    phones: tuple[Segment, ...]
    voice: str


class VoicesMissingError(GiocondaError):
    """A speech synthesiser that training needs is not installed."""


def require_programs() -> None:
    """Raise VoicesMissingError, naming the Debian packages, if a synthesiser is absent."""
    absent = [name for name in ("espeak-ng", "festival", "flite") if shutil.which(name) is None]
    if absent:
        raise VoicesMissingError(
            f"training needs {', '.join(absent)}; install the voices with: "
            f"apt-get install {' '.join(DEBIAN_PACKAGES)}"
        )


def at_16k(samples: npt.NDArray[np.float32], rate_hz: int) -> npt.NDArray[np.int16]:
    """Resample to 16 kHz and bring the peak to half of full scale."""
    if rate_hz != SAMPLE_RATE_HZ:
        import soxr

        samples = np.asarray(soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ), np.float32)
    peak = float(np.abs(samples).max(initial=0.0))
    return (samples * (_PEAK * 32767 / (peak + 1e-9))).astype(np.int16)


def _read_wave(path: Path) -> npt.NDArray[np.int16]:
    """Read a 16-bit mono file of a synthesiser at 16 kHz."""
    with wave.open(str(path), "rb") as file:
        raw = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        return at_16k(raw.astype(np.float32) / np.float32(32768), file.getframerate())


def espeak_speech(prompts: Prompts, minutes: float, seed: int) -> Iterator[Utterance]:
    """Yield ``minutes`` of speech in all languages of the prompts, voices and rates at random.

    It is spoken in portions, each by a process of its own: some timbre in some language makes
    espeak-ng crash about once in four hours of speech, and a portion that crashed is spoken anew.

    Raises:
        VoicesMissingError: espeak-ng crashed over and over.
    """
    left, portion, crashes = minutes, 0, 0
    while left > 0:
        part, portion = min(left, _PORTION_MINUTES), portion + 1
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder)
            (out / "prompts.json").write_text(json.dumps(prompts), "utf-8")
            command = [sys.executable, "-m", "gioconda.train.espeak_worker", folder]
            part_seed = seed * _SEEDS_APART + portion
            said = subprocess.run([*command, str(part), str(part_seed)], check=False)
            if said.returncode:
                crashes += 1
                logger.info("portion %d of espeak-ng ended with %d", portion, said.returncode)
                if crashes > _MOST_CRASHES:
                    raise VoicesMissingError("espeak-ng crashes on what it is given to speak")
                continue
            left -= part
            yield from _espeak_utterances(out)


def _espeak_utterances(folder: Path) -> Iterator[Utterance]:
    """Yield what the worker wrote to a folder."""
    spoken = np.load(folder / "samples.npy", mmap_mode="r")
    position = 0
    for line in (folder / "phones.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        samples = np.array(spoken[position : position + entry["samples"]])
        position += len(samples)
        onsets = [(float(t), list(classes)) for t, classes in entry["phones"]]
        parts = segments(onsets, len(samples) / SAMPLE_RATE_HZ, bridge_unknown=True)
        yield Utterance(samples, tuple(parts), f"espeak:{entry['voice']}")


def _speakable(text: str) -> str:
    """Keep what a scheme string and every voice's tokeniser can take."""
    return re.sub(r"[^\w ,.'’-]", " ", text).replace("’", "'")[:160]


def festival_speech(prompts: Prompts, utterances: int, seed: int) -> Iterator[Utterance]:
    """Yield about ``utterances`` utterances of each installed festival voice."""
    for voice, (language, encoding) in FESTIVAL_VOICES.items():
        if language not in prompts:
            logger.info("no prompts for the festival voice %s", voice)
            continue
        rng = random.Random(f"{seed} {voice}")
        with tempfile.TemporaryDirectory() as folder:
            program = [f"(voice_{voice})"]
            for i in range(utterances):
                text = _speakable(rng.choice(prompts[language]))
                program.append(
                    f"(Parameter.set 'Duration_Stretch {rng.choice(_STRETCHES)})"
                    f'(set! u (Utterance Text "{text}"))(unwind-protect (begin (utt.synth u)'
                    f'(utt.save.wave u "{folder}/{i}.wav" \'riff)'
                    f'(utt.save.segs u "{folder}/{i}.seg")) nil)'
                )
            script = Path(folder) / "speak.scm"
            script.write_bytes("\n".join(program).encode(encoding, "ignore"))
            subprocess.run(["festival", "-b", str(script)], capture_output=True, check=False)
            count = 0
            for i in range(utterances):
                sound, labels = (Path(folder) / f"{i}.{kind}" for kind in ("wav", "seg"))
                if sound.exists() and labels.exists() and sound.stat().st_size > 1000:
                    onsets = _festival_onsets(labels, voice)
                    yield _labelled(_read_wave(sound), onsets, f"festival:{voice}")
                    count += 1
        if not count:
            logger.warning("the festival voice %s is not installed or does not speak", voice)


def _festival_onsets(labels: Path, voice: str) -> list[tuple[float, list[str]]]:
    """Read a label file, which says where each phone ends, as onsets."""
    onsets, start = [], 0.0
    for line in labels.read_text("latin-1").splitlines():
        fields = line.split()
        if len(fields) >= 3 and fields[0][0].isdigit():
            onsets.append((start, festival_classes(voice, fields[2])))
            start = float(fields[0])
    return [*onsets, (start, ["sil"])]


def flite_speech(prompts: Prompts, utterances: int, seed: int) -> Iterator[Utterance]:
    """Yield ``utterances`` English utterances of each flite voice."""
    for voice in FLITE_VOICES:
        rng = random.Random(f"{seed} {voice}")
        with tempfile.TemporaryDirectory() as folder:
            sound = Path(folder) / "spoken.wav"
            for _ in range(utterances):
                text = _speakable(rng.choice(prompts["en"]))
                stretch = f"duration_stretch={rng.choice(_STRETCHES)}"
                command = ["flite", "-voice", voice, "-s", stretch, "-psdur", "-t", text]
                said = subprocess.run(
                    [*command, "-o", str(sound)], capture_output=True, text=True, check=False
                )
                if said.returncode:
                    continue
                onsets, start = [], 0.0
                for name, end in (pair.split(":") for pair in said.stdout.split()):
                    onsets.append((start, festival_classes(voice, name)))
                    start = float(end)
                onsets.append((start, ["sil"]))
                yield _labelled(_read_wave(sound), onsets, f"flite:{voice}")


def _labelled(
    samples: npt.NDArray[np.int16], onsets: list[tuple[float, list[str]]], voice: str
) -> Utterance:
    """Join samples and onsets to an utterance."""
    parts = segments(onsets, len(samples) / SAMPLE_RATE_HZ, bridge_unknown=False)
    return Utterance(samples, tuple(parts), voice)

"""Fit the readout from speech features to lip curves on tracked clips; write readout tables.

usage: python scripts/measure_readout.py CLIPS TRACKED -o FOLDER [--persons CSV] [--skip PREFIX]
                                          [--weights PHONETIC.onnx]

CLIPS holds videos of talking people with their own sound. TRACKED holds an .npz for each, by the
clip's name: t (T,) seconds, names and curves (T, C), among them la, width, protr, jaw, up and lo,
and av_offset_ms. CSV (by default manifest.csv beside CLIPS) has the columns "file" and "identity".

FOLDER gets readout.npz, the mean of two tables that were fitted on one half of the people each,
and those two, readout_a.npz and readout_b.npz. Each holds the names of the clips it was fitted on,
so that a clip can be judged with the table that did not see it. Prints how well each half is read
with the table of the other, beside the viseme table and the net's own curves.

The clips are no part of this repository. The shipped table is an average over all the people.
"""

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gioconda.measure.cases import OFFSET_BIAS_S
from gioconda.performance.readout import BANDS, OFFSETS, ROWS, SMOOTHING, Readout, averaged
from gioconda.speech.analyser import SpeechAnalyser
from gioconda.speech.sound import Sound
from gioconda.speech.types import ARTICULATION, FEATURE_RATE_HZ, PHONES, SpeechFeatures
from gioconda.speech.viseme_table import MEASURED_VISEMES

TRACKED_NAMES = ("la", "width", "protr", "jaw", "up", "lo")
LOOKAHEAD_MS = 80
#: What the fit is drawn towards: so much of the net's own curves, the rest of the viseme table.
NET_SHARE = 0.6
#: Share of the fit in what is written; the rest is what it was drawn towards.
FIT_SHARE = 0.5
#: Weaker ridges read openings little better and closures worse.
STRENGTHS = (0.003, 0.01, 0.03, 0.1)
FOLDS = 7


@dataclass(frozen=True)
class Clip:
    """One clip at its video frames: inputs (T, 126), and lip curves (T, 6) as z-scores."""

    name: str
    person: str
    inputs: np.ndarray
    curves: np.ndarray


def design(features: SpeechFeatures) -> np.ndarray:
    """Return what the table multiplies, smoothed as in use, (rows, 126)."""
    rows = np.arange(len(features))

    def at(values: np.ndarray, offset: int) -> np.ndarray:
        return np.asarray(values[np.clip(rows + offset, 0, len(rows) - 1)], np.float64)

    parts = [at(features.posteriors, k) for k in OFFSETS]
    parts += [at(features.bands, 0), at(features.articulation, 0), np.ones((len(rows), 1))]
    joined = np.concatenate(parts, axis=1)
    return sum(w * at(joined, k) for w, k in zip(SMOOTHING, range(-2, 3), strict=True))


def towards() -> np.ndarray:
    """Return the table that the fit is drawn towards, (126, 6)."""
    visemes = np.array([MEASURED_VISEMES[phone] for phone in PHONES])
    table = np.zeros((ROWS, len(ARTICULATION)))
    first = OFFSETS.index(0) * len(PHONES)
    table[first : first + len(PHONES)] = (1 - NET_SHARE) * visemes
    net = len(OFFSETS) * len(PHONES) + BANDS
    table[net : net + len(ARTICULATION)] = NET_SHARE * np.eye(len(ARTICULATION))
    return table


def read_clip(video: Path, tracked: Path, person: str, weights: Path | None) -> Clip:
    """Analyse a clip's sound and bring it to the instants of its tracked lips."""
    analyser = SpeechAnalyser(LOOKAHEAD_MS, weights=weights)
    state = analyser.start()
    with Sound.open(video) as sound:
        parts = [analyser.step(state, chunk) for chunk in sound.chunks()]
    features = SpeechFeatures.joined([*parts, analyser.finish(state)])
    with np.load(tracked) as stored:
        names = [str(name) for name in stored["names"]]
        curves = stored["curves"][:, [names.index(name) for name in TRACKED_NAMES]]
        heard_s = stored["t"] - float(stored["av_offset_ms"]) / 1000 + OFFSET_BIAS_S
    inside = (heard_s >= 0) & (heard_s <= (len(features) - 1) / FEATURE_RATE_HZ)
    curves, place = curves[inside].astype(np.float64), heard_s[inside] * FEATURE_RATE_HZ
    inputs = design(features)
    whole = np.minimum(place.astype(int), len(inputs) - 2)
    share = (place - whole)[:, None]
    inputs = inputs[whole] * (1 - share) + inputs[whole + 1] * share
    curves = (curves - curves.mean(0)) / (curves.std(0) + 1e-9)
    return Clip(video.stem, person, inputs, curves)


def fit(clips: list[Clip], strength: float) -> np.ndarray:
    """Return the mean of the table it is drawn towards and the ridge solution, (126, 6)."""
    inputs = np.concatenate([clip.inputs for clip in clips])
    curves = np.concatenate([clip.curves for clip in clips])
    start, penalty = towards(), np.full(ROWS, strength)
    penalty[-1] = 0.0
    square = inputs.T @ inputs / len(inputs) + np.diag(penalty)
    moved = np.linalg.solve(square, inputs.T @ (curves - inputs @ start) / len(inputs))
    return np.asarray(start + FIT_SHARE * moved)


def scores(clips: list[Clip], table: np.ndarray) -> np.ndarray:
    """Return Pearson's r of each curve, weighted by duration, (6,)."""
    weights = np.array([len(clip.inputs) for clip in clips], np.float64)
    rows = []
    for clip in clips:
        a, b = clip.inputs @ table, clip.curves
        a = a - a.mean(0)
        rows.append((a * b).sum(0) / np.sqrt((a**2).sum(0) * (b**2).sum(0) + 1e-12))
    return weights @ np.array(rows) / weights.sum()


def split(clips: list[Clip], count: int) -> list[list[Clip]]:
    """Split clips into parts of about equal length, each person's clips in one part."""
    length: dict[str, int] = {}
    for clip in clips:
        length[clip.person] = length.get(clip.person, 0) + len(clip.inputs)
    sizes, part_of = [0] * count, {}
    for person in sorted(length, key=lambda p: (-length[p], p)):
        part = sizes.index(min(sizes))
        part_of[person] = part
        sizes[part] += length[person]
    return [[clip for clip in clips if part_of[clip.person] == k] for k in range(count)]


def held_out_score(clips: list[Clip], strength: float) -> float:
    """Return the mean r of all curves on folds of people that the fit did not see."""
    folds = split(clips, FOLDS)
    found = []
    for k, fold in enumerate(folds):
        rest = [clip for j, other in enumerate(folds) if j != k for clip in other]
        found.append(scores(fold, fit(rest, strength)).mean())
    return float(np.average(found, weights=[sum(len(c.inputs) for c in fold) for fold in folds]))


def main() -> None:
    """Fit, print, write."""
    parser = argparse.ArgumentParser(description="Fit the readout of lip curves.")
    parser.add_argument("clips", type=Path)
    parser.add_argument("tracked", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--persons", type=Path)
    parser.add_argument("--skip", default="extra_", help="clips whose name starts so are left out")
    parser.add_argument("--weights", type=Path, help="another phonetic net than the shipped one")
    options = parser.parse_args()
    with (options.persons or options.clips.parent / "manifest.csv").open(encoding="utf-8") as file:
        person = {Path(row["file"]).name: row["identity"] for row in csv.DictReader(file)}
    clips = []
    for video in sorted(options.clips.iterdir()):
        tracked = options.tracked / f"{video.stem}.npz"
        if tracked.exists() and not video.name.startswith(options.skip):
            clips.append(read_clip(video, tracked, person[video.name], options.weights))
    options.output.mkdir(parents=True, exist_ok=True)
    halves = split(clips, 2)
    tables = []
    strength = max(STRENGTHS, key=lambda s: sum(held_out_score(half, s) for half in halves))
    for half in halves:
        tables.append(Readout(fit(half, strength), tuple(sorted(clip.name for clip in half))))
        people = len({clip.person for clip in half})
        print(f"fitted on {len(half)} clips of {people} people with strength {strength:g}")
    print(f"{'held out, r':24s} " + " ".join(f"{name:>10s}" for name in ARTICULATION))
    for k, half in enumerate(halves):
        for name, table in (("table and net", towards()), ("readout", tables[1 - k].weights)):
            said = " ".join(f"{r:10.3f}" for r in scores(half, table))
            print(f"half {'ab'[k]}, {name:15s}  {said}")
    for name, table in zip("ab", tables, strict=True):
        table.save(options.output / f"readout_{name}.npz")
    averaged(tables).save(options.output / "readout.npz")
    correlation = np.corrcoef(tables[0].weights.ravel(), tables[1].weights.ravel())[0, 1]
    print(f"the two tables correlate {correlation:.2f}; mean written to {options.output}")


if __name__ == "__main__":
    main()

"""The recipe of the phonetic net: synthetic voices in, an ONNX file out.

No recording of a person enters, but what the makers of the free voices published as voices.
"""

from __future__ import annotations

import importlib.util
import logging
import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gioconda.errors import MissingExtraError, OptionError

if TYPE_CHECKING:
    from torch import Tensor

    from gioconda.train.phonetic_net import PhoneticNet

logger = logging.getLogger(__name__)

#: Told the stage by name, how much of it is done, and of how much; None where that is unknown.
Progress = Callable[[str, float, float | None], None]

#: Rows at the start of an example that the loss leaves out: the net has heard too little.
_WARM_UP_ROWS = 25
_CURVE_WEIGHTS = (4.0, 2.0, 1.0, 1.0, 1.0, 1.0)


@dataclass(frozen=True)
class TrainOptions:
    """How to train.

    Attributes:
        corpus_minutes: speech to synthesise.
        steps: batches at most.
        wall_minutes: time of training at most; the learning rate falls to the end of whichever
            comes first.
        batch: examples of four seconds in a batch.
        learning_rate: at its highest.
        natural_weight: how much more often voices recorded from people are drawn.
        channels, dilations: of the net.
        seed: of everything.
    """

    corpus_minutes: float = 800.0
    steps: int = 10_100
    wall_minutes: float = math.inf
    batch: int = 16
    learning_rate: float = 2.5e-3
    natural_weight: float = 3.0
    channels: int = 160
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 1, 2, 4)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.wall_minutes <= 0 or self.corpus_minutes <= 0 or self.batch < 2:
            raise OptionError("steps, minutes and corpus minutes must be positive, batch above 1")


@dataclass(frozen=True)
class TrainReport:
    """What came of it.

    Attributes:
        weights: the ONNX file.
        steps: batches trained on.
        seconds: wall time of training.
        corpus_minutes: speech it was trained on.
        parameters: size of the net.
        accuracy: share of rows of held-out synthetic speech classed right, for each delay.
        curve_r: correlation of the aperture curve with its target there, for each delay.
    """

    weights: Path
    steps: int
    seconds: float
    corpus_minutes: float
    parameters: int
    accuracy: tuple[float, ...]
    curve_r: tuple[float, ...]

    def __str__(self) -> str:
        """Return the report as a few lines of text."""
        said = [
            f"{self.weights}: {self.parameters:,} parameters, {self.steps} steps in "
            f"{self.seconds / 60:.1f} minutes on {self.corpus_minutes:.0f} minutes of speech",
            "held-out synthetic speech, heads at 0, 40, 80, 120, 200 ms:",
            "  phone classes right: " + " ".join(f"{a:.3f}" for a in self.accuracy),
            "  r of the aperture:   " + " ".join(f"{r:.3f}" for r in self.curve_r),
        ]
        return "\n".join(said)


@dataclass
class _Average:
    """Exponential moving average of the weights over the last part of training."""

    rate: float = 0.01
    values: dict[str, Any] = field(default_factory=dict)

    def take(self, net: PhoneticNet) -> None:
        for name, value in net.state_dict().items():
            if name in self.values and value.dtype.is_floating_point:
                self.values[name].lerp_(value, self.rate)
            else:
                self.values[name] = value.clone()


def train_speech(
    out_dir: str | Path,
    minutes: float = 800.0,
    steps: int = 10_100,
    seed: int = 0,
    workdir: str | Path | None = None,
    *,
    options: TrainOptions | None = None,
    progress: Progress | None = None,
) -> TrainReport:
    """Train the phonetic net and write ``phonetic.onnx`` to a folder.

    Args:
        out_dir: where the weights go.
        minutes: speech to synthesise.
        steps: batches to train on.
        seed: of everything.
        workdir: keeps the synthesised corpus for another run; a temporary folder by default.
        options: everything else; ``minutes``, ``steps`` and ``seed`` are read from it if given.
        progress: told the stage, how much of it is done, and of how much.

    Returns:
        Where the weights are, and figures on held-out synthetic speech.

    Raises:
        MissingExtraError: torch or onnx is not installed.
        VoicesMissingError: a synthesiser is not installed; names the Debian packages.
        OptionError: an option is out of range.
    """
    for module in ("torch", "onnx"):
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError("training", "train")
    from gioconda.train import corpus as corpora
    from gioconda.train.export import export_onnx
    from gioconda.train.phonetic_net import NetShape, PhoneticNet, parameter_count

    options = options or TrainOptions(minutes, steps, seed=seed)
    tell = progress or (lambda stage, done, total: None)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(workdir) if workdir is not None else Path(temporary)
        size = corpora.CorpusSize.of_minutes(options.corpus_minutes)
        corpus = corpora.synthesise(size, options.seed, folder / "corpus", tell)
    import torch

    torch.manual_seed(options.seed)
    net = PhoneticNet(NetShape(options.channels, options.dilations))
    started = time.monotonic()
    done = _train(net, corpus, options, tell)
    seconds = time.monotonic() - started
    accuracy, curve_r = judge(net, corpus)
    weights = Path(out_dir) / "phonetic.onnx"
    weights.parent.mkdir(parents=True, exist_ok=True)
    metadata = {
        "trained_on": f"{corpus.minutes:.0f} minutes of espeak-ng, festival and flite",
        "steps": done,
        **{name: str(value) for name, value in asdict(options).items() if name != "steps"},
    }
    export_onnx(net, weights, {name: str(value) for name, value in metadata.items()})
    tell("training", 1.0, 1.0)
    return TrainReport(
        weights, done, seconds, corpus.minutes, parameter_count(net), accuracy, curve_r
    )


def _train(net: PhoneticNet, corpus: Any, options: TrainOptions, tell: Progress) -> int:
    """Train in place; return the number of steps made."""
    import torch
    from torch import nn

    from gioconda.train.batches import BatchMaker

    maker = BatchMaker(corpus, options.natural_weight, options.seed)
    optimiser = torch.optim.AdamW(net.parameters(), options.learning_rate, weight_decay=1e-3)
    average, started, step = _Average(), time.monotonic(), 0
    losses = []
    net.train()
    for step, (frames, curves, classes) in enumerate(maker.batches(options.batch)):
        share = max(
            step / options.steps, (time.monotonic() - started) / (60 * options.wall_minutes)
        )
        if share >= 1:
            break
        rate = options.learning_rate * min(1.0, (step + 1) / 80)
        for group in optimiser.param_groups:
            group["lr"] = rate * (0.5 + 0.5 * math.cos(math.pi * share)) + 1e-5
        with torch.autocast("cpu", torch.bfloat16):
            logits, predicted = net(frames)
        loss = _loss(logits.float(), predicted.float(), classes, curves)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        losses.append(loss.item())
        if share > 0.7:
            average.take(net)
        if step % 100 == 99:
            logger.info("step %d: loss %.4f", step + 1, sum(losses[-100:]) / 100)
        tell("training", share, 1.0)
    if average.values:
        net.load_state_dict(average.values)
    net.eval()
    return step


def _loss(logits: Tensor, predicted: Tensor, classes: Tensor, curves: Tensor) -> Tensor:
    """Return cross-entropy plus squared errors of the curves and of their slopes, over delays."""
    import torch
    import torch.nn.functional as F

    from gioconda.train.phonetic_net import DELAYS

    weights = torch.tensor(_CURVE_WEIGHTS)[None, :, None]
    total = torch.zeros(())
    rows = torch.arange(_WARM_UP_ROWS, logits.shape[-1])
    for k, delay in enumerate(DELAYS):
        heard = 2 * (rows - delay)  # row j is the instant of frame 2 j
        target = curves[:, heard].transpose(1, 2)
        error = predicted[:, k, :, _WARM_UP_ROWS:] - target
        slope = error[..., 1:] - error[..., :-1]
        total = total + (weights * error**2).mean() + 2 * (weights * slope**2).mean()
        total = total + 0.5 * F.cross_entropy(logits[:, k, :, _WARM_UP_ROWS:], classes[:, heard])
    return total / len(DELAYS)


def judge(net: PhoneticNet, corpus: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return accuracy and aperture correlation on held-out utterances, for each delay."""
    import numpy as np
    import torch

    from gioconda.train.batches import held_out, net_input
    from gioconda.train.phonetic_net import DELAYS

    rng = np.random.default_rng(0)
    ends = np.cumsum(corpus.lengths)
    right, count = np.zeros(len(DELAYS)), 0
    said: list[list[Any]] = [[] for _ in DELAYS]
    meant: list[list[Any]] = [[] for _ in DELAYS]
    for i in np.flatnonzero(held_out(corpus))[:100]:
        length = int(corpus.lengths[i]) // 2 * 2
        first = int(ends[i] - corpus.lengths[i])
        frames = net_input(corpus.power[None, first : first + length], rng)
        with torch.no_grad():
            logits, curves = net(torch.from_numpy(frames))
        rows = np.arange(max(DELAYS), length // 2)
        count += len(rows)
        for k, delay in enumerate(DELAYS):
            heard = first + 2 * (rows - delay)
            right[k] += (logits[0, k].argmax(0).numpy()[rows] == corpus.classes[heard]).sum()
            said[k].append(curves[0, k, 0].numpy()[rows])
            meant[k].append(corpus.curves[heard, 0].astype(np.float32))
    if not count:
        return (math.nan,) * len(DELAYS), (math.nan,) * len(DELAYS)
    r = [
        float(np.corrcoef(np.concatenate(a), np.concatenate(b))[0, 1])
        for a, b in zip(said, meant, strict=True)
    ]
    return tuple((right / count).tolist()), tuple(r)

"""The causal phonetic net, in torch, for training. In use it runs from ONNX.

Log-mel at 100 frames a second goes through a strided convolution to 50 a second, residual blocks
of dilated causal convolutions, and two linear heads for each delay: 37 phone classes and six lip
curves. The head of delay d, at output row j, speaks about row j - d: it has heard d rows more.
Needs torch.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gioconda.speech.melspec import MEL_BANDS
from gioconda.speech.types import ARTICULATION, PHONES

#: Delays of the heads in rows of 20 ms: 0, 40, 80, 120 and 200 ms.
DELAYS = (0, 2, 4, 6, 10)
ENTRY_TAPS = 5
BLOCK_TAPS = 3


@dataclass(frozen=True)
class NetShape:
    """Size of the net: channels, and the dilation of each residual block."""

    channels: int = 160
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 1, 2, 4)


class ResidualBlock(nn.Module):  # type: ignore[misc]
    """A dilated causal convolution and a pointwise one around a shortcut."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.reach = (BLOCK_TAPS - 1) * dilation
        self.wide = nn.Conv1d(channels, channels, BLOCK_TAPS, dilation=dilation)
        self.norm = nn.BatchNorm1d(channels)
        self.point = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, channels, rows) of the same."""
        inner = F.relu(self.norm(self.wide(F.pad(x, (self.reach, 0)))))
        return x + self.point(inner)


class PhoneticNet(nn.Module):  # type: ignore[misc]
    """Causal net from log-mel to phone logits and lip curves at several delays."""

    def __init__(self, shape: NetShape) -> None:
        super().__init__()
        self.shape = shape
        channels = shape.channels
        self.entry = nn.Conv1d(MEL_BANDS, channels, ENTRY_TAPS, stride=2)
        self.entry_norm = nn.BatchNorm1d(channels)
        self.blocks = nn.ModuleList([ResidualBlock(channels, d) for d in shape.dilations])
        self.exit_norm = nn.BatchNorm1d(channels)
        self.phones = nn.Conv1d(channels, len(PHONES) * len(DELAYS), 1)
        self.curves = nn.Conv1d(channels, len(ARTICULATION) * len(DELAYS), 1)

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Map (batch, 64, 2 rows) to logits (batch, 5, 37, rows) and curves (batch, 5, 6, rows).

        Row j hears frames up to 2 j.
        """
        x = F.relu(self.entry_norm(self.entry(F.pad(frames, (ENTRY_TAPS - 1, 0)))))
        for block in self.blocks:
            x = block(x)
        x = F.relu(self.exit_norm(x))
        batch, _, rows = x.shape
        logits = self.phones(x).view(batch, len(DELAYS), len(PHONES), rows)
        return logits, self.curves(x).view(batch, len(DELAYS), len(ARTICULATION), rows)


def parameter_count(net: nn.Module) -> int:
    """Return how many numbers the net learns."""
    return sum(p.numel() for p in net.parameters())


def folded(norm: nn.BatchNorm1d) -> tuple[Tensor, Tensor]:
    """Return the scale and shift that a batch norm amounts to after training."""
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale

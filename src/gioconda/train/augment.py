"""Mel-domain augmentation: one synthetic voice becomes many speakers, rooms and recordings.

Everything works on mel power, before level control, on a batch at once. Needs torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gioconda.speech.melspec import FFT_SIZE, MEL_BANDS, mel_filters
from gioconda.speech.types import PHONES, SAMPLE_RATE_HZ
from gioconda.train.phone_classes import VOWELS

_LEAST_POWER = 1e-6
_PITCHES = 120
_PITCH_LOWEST_HZ, _PITCH_HIGHEST_HZ = 75.0, 650.0
#: Gaussian width in bins of a harmonic seen through the analysis window.
_HARMONIC_WIDTH_HZ = 26.0


@dataclass(frozen=True)
class AugmentOptions:
    """How often each change is made, 0 to 1.

    Attributes:
        slow: much slower, all phones alike.
        sing: vowels held, on the notes of a melody with vibrato.
        shout: high pitch, raised first formants, bright.
        wobble: strength of the tempo's unevenness.
        warp: another vocal tract.
        pitch: voiced harmonics replaced by those of another melody.
        whisper: voiced excitation replaced by noise.
        contrast: formants sharpened or flattened.
        reverb, noise, babble, music, band_limit: as they say.
    """

    slow: float = 0.06
    sing: float = 0.06
    shout: float = 0.05
    wobble: float = 0.12
    warp: float = 0.85
    pitch: float = 0.15
    whisper: float = 0.05
    contrast: float = 0.3
    reverb: float = 0.5
    noise: float = 0.8
    babble: float = 0.25
    music: float = 0.08
    band_limit: float = 0.3


def ramps(knots: Tensor, length: int) -> Tensor:
    """Interpolate (batch, knots) to (batch, length)."""
    return F.interpolate(knots[:, None], size=length, mode="linear", align_corners=True)[:, 0]


def harmonic_combs() -> Tensor:
    """Return log mel responses to harmonics of 120 pitches, (120, 64), about zero on average."""
    filters = mel_filters()
    bins = np.arange(FFT_SIZE // 2 + 1) * SAMPLE_RATE_HZ / FFT_SIZE
    combs = []
    for f0 in np.geomspace(_PITCH_LOWEST_HZ, _PITCH_HIGHEST_HZ, _PITCHES):
        harmonics = f0 * np.arange(1, int(8000 / f0) + 1)
        lobes = np.exp(-0.5 * ((bins[:, None] - harmonics) / _HARMONIC_WIDTH_HZ) ** 2).sum(1)
        lobes *= f0 / (_HARMONIC_WIDTH_HZ * math.sqrt(2 * math.pi))
        share = filters @ lobes / (filters.sum(1) + 1e-9)
        combs.append(np.log(np.maximum(share, 0.02)))
    return torch.tensor(np.array(combs), dtype=torch.float32)


class Augmenter:
    """Applies random changes to batches of mel power with their labels.

    Args:
        length: frames of a batch that come out.
        options: how often each change is made.
    """

    def __init__(self, length: int, options: AugmentOptions | None = None) -> None:
        self.length = length
        self.options = options or AugmentOptions()
        self._combs = harmonic_combs()
        self._bands = torch.arange(float(MEL_BANDS))
        self._vowel = torch.tensor([name in VOWELS for name in PHONES])

    def __call__(
        self, power: Tensor, curves: Tensor, classes: Tensor, music: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return changed (batch, length, 64) power, curves and classes of longer ones.

        Args:
            power: (batch, longer, 64) mel power.
            curves: (batch, longer, 6).
            classes: (batch, longer) int64.
            music: (batch, length, 64) mel power of music to play behind some of them.
        """
        sung = self._chosen(len(power), self.options.sing)
        log_power = torch.log(power + _LEAST_POWER)
        log_power, curves, classes = self._retime(log_power, curves, classes, sung)
        power = self._excite(self._warp(log_power), sung).exp()
        power = self._equalise(self._reverberate(power))
        power = self._disturb(power, music)
        return power, curves, classes

    def _uniform(self, count: int, low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(count, *shape) * (high - low) + low

    def _chosen(self, count: int, share: float, *ones: int) -> Tensor:
        return torch.rand(count, *ones) < share

    def _retime(
        self, log_power: Tensor, curves: Tensor, classes: Tensor, sung: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Change the tempo by up to a quarter, unevenly; hold the vowels of what is sung."""
        batch, longer, _ = log_power.shape
        pace = self._uniform(batch, -0.25, 0.3, 1)
        slow = self._chosen(batch, self.options.slow, 1)
        pace = torch.where(slow, self._uniform(batch, -1.2, -0.25, 1), pace)
        pace = pace + ramps(torch.randn(batch, 9) * self.options.wobble, self.length)
        speed = pace.exp().clamp(max=1.45)
        position = torch.cumsum(speed, 1) - speed[:, :1]
        position = torch.where(sung[:, None], self._held(classes), position)
        position = position.clamp(max=longer - 1.001)
        whole = position.long()
        share = (position - whole)[..., None]

        def taken(values: Tensor, index: Tensor) -> Tensor:
            return torch.gather(values, 1, index[..., None].expand(-1, -1, values.shape[2]))

        def resampled(values: Tensor) -> Tensor:
            return taken(values, whole) * (1 - share) + taken(values, whole + 1) * share

        nearest = position.round().long()
        return resampled(log_power), resampled(curves), torch.gather(classes, 1, nearest)

    def _held(self, classes: Tensor) -> Tensor:
        """Return where frames of song come from, (batch, length): vowels last 1.5 to 5 times."""
        batch = len(classes)
        longer = self._uniform(batch, math.log(1.5), math.log(5.0), 1).exp()
        lasting = torch.where(self._vowel[classes], longer, self._uniform(batch, 0.9, 1.3, 1))
        ends = torch.cumsum(lasting, 1)
        wanted = torch.arange(float(self.length)).expand(batch, -1).contiguous()
        frame = torch.searchsorted(ends, wanted).clamp(max=classes.shape[1] - 1)
        begun = wanted - torch.gather(ends - lasting, 1, frame)
        return frame + begun / torch.gather(lasting, 1, frame)

    def _warp(self, log_power: Tensor) -> Tensor:
        """Stretch the frequency axis as another vocal tract would."""
        batch = len(log_power)
        warp = self._uniform(batch, -0.18, 0.18, 1) * self._chosen(batch, self.options.warp, 1)
        source = self._bands * warp.exp() + self._uniform(batch, -1.5, 1.5, 1)
        source = (source + ramps(torch.randn(batch, 5) * 0.5, MEL_BANDS)).clamp(0, 62.99)
        whole = source.long()
        share = (source - whole)[:, None]

        def taken(index: Tensor) -> Tensor:
            return torch.gather(log_power, 2, index[:, None].expand(-1, self.length, -1))

        return taken(whole) * (1 - share) + taken(whole + 1) * share

    def _excite(self, log_power: Tensor, sung: Tensor) -> Tensor:
        """Give some voices another melody, a shout, a whisper, or other formant contrast."""
        batch, options = len(log_power), self.options
        kernel = torch.exp(-0.5 * (torch.arange(-6, 7) / 2.2) ** 2)
        kernel = kernel / kernel.sum()
        padded = F.pad(log_power.reshape(-1, 1, MEL_BANDS), (6, 6), mode="replicate")
        envelope = F.conv1d(padded, kernel[None, None]).view(batch, -1, MEL_BANDS)
        low, high = envelope[..., 2:14].mean(-1), envelope[..., 40:60].mean(-1)
        voiced = torch.sigmoid((low - high - 0.5) * 1.5)[..., None]

        voiceless = (1 - voiced) * torch.randn_like(envelope) * 0.5
        comb = self._melody(batch, sung) * voiced + voiceless
        pitched = (self._chosen(batch, options.pitch) | sung)[:, None, None]
        log_power = torch.where(pitched, envelope + comb, log_power)
        shouted = self._chosen(batch, options.shout, 1, 1)
        log_power = torch.where(shouted, self._shout(envelope, voiced) + voiceless, log_power)

        tilt = -((14 - self._bands) / 14).clamp(min=0) * self._uniform(batch, 1, 4, 1)
        brighter = 0.03 * self._bands * self._uniform(batch, 0, 1, 1)
        breath = torch.randn_like(envelope) * 0.55 + (tilt + brighter)[:, None] * voiced
        whisper = self._chosen(batch, options.whisper, 1, 1)
        log_power = torch.where(whisper, envelope + breath, log_power)

        contrast = self._uniform(batch, -0.35, 0.3, 1, 1)
        contrast = contrast * self._chosen(batch, options.contrast, 1, 1)
        return log_power + contrast * (envelope - envelope.mean(2, keepdim=True))

    def _comb(self, octaves: Tensor) -> Tensor:
        """Return log mel responses, (batch, length, 64), to pitches in e-folds above the lowest."""
        whole_range = math.log(_PITCH_HIGHEST_HZ / _PITCH_LOWEST_HZ)
        index = (octaves / whole_range * (_PITCHES - 1)).clamp(0, _PITCHES - 1).round().long()
        return self._combs[index] * self._uniform(len(octaves), 0.5, 1.0, 1, 1)

    def _melody(self, batch: int, sung: Tensor) -> Tensor:
        """Return the harmonics of a spoken melody, or of notes where it is sung."""
        time = torch.arange(self.length) * 0.01
        turns = time * self._uniform(batch, 4.5, 6.5, 1) + self._uniform(batch, 0, 1, 1)
        depth = self._uniform(batch, 0, 0.03, 1) * torch.where(sung, 2.0, 1.0)[:, None]
        vibrato = depth * torch.sin(2 * math.pi * turns)
        spoken = ramps(torch.randn(batch, 8) * self._uniform(batch, 0.02, 0.25, 1), self.length)
        steps = torch.randn(batch, 1, 10) * 0.2
        notes = F.interpolate(steps, size=self.length, mode="nearest")
        notes = F.avg_pool1d(F.pad(notes, (3, 3), mode="replicate"), 7, 1)[:, 0]
        contour = torch.where(sung[:, None], notes, spoken)
        return self._comb(self._uniform(batch, 0, 2.1, 1) + contour + vibrato)

    def _shout(self, envelope: Tensor, voiced: Tensor) -> Tensor:
        """Return a shouted voice: pitch of 200 to 600 Hz, first formants up, weak bass.

        After Rostolan (1982): the first formant and the pitch rise, and the spectrum flattens.
        """
        batch = len(envelope)
        raised = self._uniform(batch, 0.5, 3.0, 1) * torch.exp(-0.5 * ((self._bands - 14) / 8) ** 2)
        source = (self._bands - raised).clamp(0, 62.99)
        whole, share = source.long(), (source - source.floor())[:, None]

        def taken(index: Tensor) -> Tensor:
            return torch.gather(envelope, 2, index[:, None].expand_as(envelope))

        formants = taken(whole) * (1 - share) + taken(whole + 1) * share
        bright = self._uniform(batch, 0.5, 2.5, 1) * ((self._bands - 8) / 30).clamp(-0.5, 1)
        contour = ramps(torch.randn(batch, 6) * 0.15, self.length)
        comb = self._comb(self._uniform(batch, 1.0, 2.0, 1) + contour)
        return envelope + (formants - envelope + bright[:, None] + comb) * voiced

    def _reverberate(self, power: Tensor) -> Tensor:
        """Add an exponential room tail of 0.1 to 1 s to some."""
        batch = len(power)
        seconds = self._uniform(batch, math.log(0.1), math.log(1.0), 1).exp()
        decay = torch.exp(-13.8 * 0.01 / seconds)
        tail = decay ** torch.arange(80)
        size = 1 << (self.length + 80 - 1).bit_length()
        spectrum = torch.fft.rfft(power, n=size, dim=1) * torch.fft.rfft(tail, n=size)[..., None]
        wet = torch.fft.irfft(spectrum, n=size, dim=1)[:, : self.length].clamp(min=0)
        amount = (1 - decay) * 10 ** self._uniform(batch, -1.3, 0, 1)
        return power + wet * (amount * self._chosen(batch, self.options.reverb, 1))[..., None]

    def _equalise(self, power: Tensor) -> Tensor:
        """Change colour and gain."""
        decibels = ramps(torch.randn(len(power), 6) * 4, MEL_BANDS)
        decibels = decibels + self._uniform(len(power), -25, 10, 1)
        return power * 10 ** (decibels / 10)[:, None]

    def _disturb(self, power: Tensor, music: Tensor | None) -> Tensor:
        """Add coloured noise, other talkers and music, and limit the band."""
        batch, options = len(power), self.options
        loud = torch.quantile(power.sum(2), 0.85, dim=1)[:, None, None] + 1e-6
        slope = torch.tensor([4.0, 0.0, -3.0, -5.0]) * self._uniform(batch, 0, 2, 1)
        colour = 10 ** (ramps(torch.randn(batch, 4) * 6 + slope, MEL_BANDS) / 10)
        colour = colour / colour.sum(1, keepdim=True)
        grain = torch.rand_like(power) * torch.rand_like(power)
        noise = -torch.log(grain + 1e-9) * 0.5 * colour[:, None] * loud
        noise = noise * 10 ** (-self._uniform(batch, 3, 45, 1, 1) / 10)
        swell = torch.exp(ramps(torch.randn(batch, 8) * 0.8, self.length))[..., None]
        noise = torch.where(self._chosen(batch, 0.4, 1, 1), noise * swell, noise)
        mixed = power + noise * self._chosen(batch, options.noise, 1, 1)

        order = torch.randperm(batch)
        others = power[order] * (loud / loud[order])
        others = others * 10 ** (-self._uniform(batch, 6, 25, 1, 1) / 10)
        mixed = mixed + others * self._chosen(batch, options.babble, 1, 1)
        if music is not None:
            loudness = torch.quantile(music.sum(2), 0.85, dim=1)[:, None, None] + 1e-6
            behind = music * (loud / loudness) * 10 ** (-self._uniform(batch, 3, 20, 1, 1) / 10)
            mixed = mixed + behind * self._chosen(batch, options.music, 1, 1)
        highest = torch.randint(40, 62, (batch, 1))
        cut = self._chosen(batch, options.band_limit, 1) & (self._bands >= highest)
        return torch.where(cut[:, None], mixed * 1e-3, mixed)

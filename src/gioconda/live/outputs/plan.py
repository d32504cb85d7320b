"""How picture and sound are encoded, for a file and for a network."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

from gioconda.live.outputs.address import SUFFIXES, Address
from gioconda.video.container import H264

#: Bits for each pixel of a stream: 1 Mbit/s at 512 x 512 and 40 frames a second.
BITS_A_PIXEL: Final = 0.1
#: Bits a second of a stream's picture, at least and at most.
STREAM_BITS: Final = (400_000, 6_000_000)
#: AAC, one channel of 48 kHz.
SOUND_BITS: Final = 112_000
#: Key frames of a stream; services ask for 2 s, and whoever joins waits for the next.
STREAM_KEY_S: Final = 2.0
#: Key frames of a file, for seeking.
FILE_KEY_S: Final = 4.0
#: A file that is being recorded is whole up to this many microseconds before a crash.
_FRAGMENT_US: Final = 1_000_000
_FORMATS: Final = {
    "rtmp": "flv", "rtmps": "flv", "rtsp": "rtsp", "srt": "mpegts", "udp": "mpegts"
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """Everything an encoder must know; plain values, so that it can go to another process.

    Attributes:
        format: FFmpeg's name.
        width: of the frames that come in, in pixels.
        height: of the frames that come in, in pixels.
        fps: frames a second, where none is missing.
        key_s: the longest time between key frames.
        video: options of x264.
        options: of the format.
        sound_bits: bits a second of the sound.
        sound: whether there is any.
        threads: of x264.
    """

    format: str
    width: int
    height: int
    fps: float
    key_s: float
    video: dict[str, str]
    options: dict[str, str]
    sound_bits: int = SOUND_BITS
    sound: bool = True
    threads: int = 1

    def to_json(self) -> str:
        """Return it as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read what :meth:`to_json` wrote."""
        return cls(**json.loads(text))


def stream_bits(width: int, height: int, fps: float) -> int:
    """Return the bits a second of a stream's picture: 0.1 for each pixel, within bounds."""
    low, high = STREAM_BITS
    return round(min(max(width * height * fps * BITS_A_PIXEL, low), high))


def stream_plan(
    address: Address, width: int, height: int, fps: float, *, sound: bool = True
) -> Plan:
    """Return how a network target is served: a steady rate, no delay, key frames every 2 s."""
    bits = str(stream_bits(width, height, fps))
    video = {
        "preset": "veryfast",
        "tune": "zerolatency",
        "forced-idr": "1",
        "b": bits,
        "maxrate": bits,
        "bufsize": bits,  # a second of it
    }
    options = {"flush_packets": "1", "max_interleave_delta": "500000"}
    kind = _FORMATS[address.scheme]
    if kind == "mpegts":
        options["pes_payload_size"] = "0"  # else a quarter second of sound waits for its packet
    if kind == "flv":
        options["flvflags"] = "no_duration_filesize"
    if kind == "rtsp":
        options["rtsp_transport"] = "tcp"  # passes every firewall, and loses nothing
    return Plan(kind, width, height, fps, STREAM_KEY_S, video, options, sound=sound)


def file_plan(address: Address, width: int, height: int, fps: float, *, sound: bool = True) -> Plan:
    """Return how a file is written: steady quality, and playable up to a crash."""
    assert address.path is not None
    kind = SUFFIXES[address.path.suffix.lower()]
    video = H264.options | H264.levels["good"] | {"forced-idr": "1"}
    options = {"flush_packets": "1"}
    if kind == "mp4":
        # The index of each second goes with it. It waits for the first sound packet, which says
        # how much of it is the encoder's priming.
        options["movflags"] = "+empty_moov+default_base_moof+delay_moov"
        options["frag_duration"] = str(_FRAGMENT_US)
    return Plan(kind, width, height, fps, FILE_KEY_S, video, options, sound=sound)

"""The process that encodes for a network target and talks to it: ``python -m ...carrier``.

FFmpeg, as PyAV calls it, connects without letting other threads of the process run, and a peer
that takes no data holds it for as long as it likes. So that happens in a process of its own, that
its parent (:mod:`gioconda.live.outputs.stream`) can kill at any moment; a new one begins with a
key frame. What a hostile server answers is read here as well, away from the session.

Standard input: a line of JSON (the address, so that it is in no list of processes, and the plan),
then messages, each :data:`HEADER` and its payload: a picture in I420, sound in float32, or the end.
Standard output: a line of JSON for each change, and one for each message that was delivered.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
from typing import Any, BinaryIO, Final

import numpy as np

from gioconda.live.outputs.muxing import Muxer, i420_shape
from gioconda.live.outputs.plan import Plan
from gioconda.live.outputs.timeline import Timeline

#: Kind, instant in seconds or number of the first sample, bytes of the payload.
HEADER: Final = struct.Struct("<BdI")
PICTURE, SOUND, END = 1, 2, 3
#: A network call that takes longer ends this process, whatever its parent does.
PATIENCE_S: Final = 20
#: Errors after which another try can give nothing else.
_HOPELESS: Final = ("ProtocolNotFoundError", "MuxerNotFoundError", "EncoderNotFoundError")


def main() -> int:
    """Serve one connection; return the exit code."""
    job = json.loads(sys.stdin.buffer.readline())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to every process of the terminal
    plan = Plan.from_json(job["plan"])
    try:
        _patience(PATIENCE_S)
        if job.get("program"):
            from gioconda.live.outputs.srt_program import SrtProgram

            program = SrtProgram(job["program"], job["url"], lambda: _say(live=True))
            muxer = Muxer(program, plan)
            _say(ready=True)
        else:
            muxer = Muxer(job["url"], plan)
            _say(ready=True, live=True)
        _carry(sys.stdin.buffer, muxer, plan)
    except Exception as e:
        # Never its text, which holds the address; what the system calls it does not.
        reason = getattr(e, "strerror", None) or type(e).__name__
        _say(error=str(reason), hopeless=type(e).__name__ in _HOPELESS)
        sys.stdout.flush()
        os._exit(1)  # closing what is broken may take as long as any other call
    return 0


def _carry(source: BinaryIO, muxer: Muxer, plan: Plan) -> None:
    timeline = Timeline()
    shape = i420_shape(plan.width, plan.height)
    while True:
        _patience(0)
        head = source.read(HEADER.size)
        kind, value, size = HEADER.unpack(head) if len(head) == HEADER.size else (END, 0.0, 0)
        payload = source.read(size)
        _patience(PATIENCE_S)
        if kind == END or len(payload) < size:
            break
        if kind == PICTURE:
            picture = np.frombuffer(payload, np.uint8).reshape(shape)
            muxer.add(timeline.frame(value, picture))
        else:
            muxer.add(timeline.sound(int(value), np.frombuffer(payload, np.float32)))
        _say(sent=[muxer.frames, timeline.late, muxer.bytes])
    muxer.add(timeline.finish())
    muxer.finish()
    _say(sent=[muxer.frames, timeline.late, muxer.bytes])


def _patience(seconds: int) -> None:
    """End this process after so long; 0 for never. The system does it, whatever holds Python."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


def _say(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

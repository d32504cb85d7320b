"""Speaks with the system's espeak-ng library and tells when each phone sounds; a program.

Run as a process of its own (``python espeak_worker.py LIBRARY [DATA]``), never imported:
espeak-ng is under the GPL, keeps global state and calls back from C. It knows nothing of the
package around it and imports the standard library alone. Requests and answers go through its
standard streams: a line of JSON ``{"text", "voice", "wpm", "pitch"}`` in; out a line of JSON
``{"rate_hz", "samples", "phones": [[seconds, ipa], ...]}`` and so many int16 samples behind it, or
``{"error": "voice"}``.
"""

import ctypes
import json
import sys

SYNCHRONOUS, PHONE_IPA_EVENTS, DONT_EXIT = 2, 3, 0x8000
UTF8, END_PAUSE = 1, 0x1000
PHONE_EVENT = 7
RATE, PITCH = 1, 3


class EventId(ctypes.Union):
    """The name of a phone."""

    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("text", ctypes.c_char * 8))


class Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", EventId),
    )


CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event)
)


def main(library_name: str, data: str | None) -> int:
    """Answer requests until standard input ends."""
    blocks: list[bytes] = []
    phones: list[tuple[float, str]] = []

    def receive(samples, count, events):  # type: ignore[no-untyped-def]
        if count > 0:
            blocks.append(ctypes.string_at(samples, 2 * count))
        i = 0
        while events[i].type:
            if events[i].type == PHONE_EVENT:
                name = ctypes.string_at(ctypes.addressof(events[i].id), 8).split(b"\0")[0]
                seconds = events[i].audio_position_ms / 1000
                phones.append((seconds, name.decode("utf-8", "ignore")))
            i += 1
        return 0

    callback = CALLBACK(receive)  # a reference, or C calls freed memory
    library = ctypes.CDLL(library_name)
    place = data.encode() if data else None
    rate_hz = library.espeak_Initialize(SYNCHRONOUS, 0, place, PHONE_IPA_EVENTS | DONT_EXIT)
    if rate_hz <= 0:
        return 1
    library.espeak_SetSynthCallback(callback)
    out = sys.stdout.buffer
    out.write(b'{"ready": true}\n')
    out.flush()
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        blocks.clear()
        phones.clear()
        if library.espeak_SetVoiceByName(asked["voice"].encode()):
            out.write(b'{"error": "voice"}\n')
            out.flush()
            continue
        library.espeak_SetParameter(RATE, asked["wpm"], 0)
        library.espeak_SetParameter(PITCH, asked["pitch"], 0)
        raw = asked["text"].encode()
        library.espeak_Synth(raw, len(raw) + 1, 0, 1, 0, UTF8 | END_PAUSE, None, None)
        library.espeak_Synchronize()
        sound = b"".join(blocks)
        answer = {"rate_hz": rate_hz, "samples": len(sound) // 2, "phones": phones}
        out.write(json.dumps(answer).encode() + b"\n" + sound)
        out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))

"""What a decoder can do with a file that it is handed open: its frames, its facts, its credentials.

Whatever the size of the file, only what is asked for is read. Runs confined; may raise or die.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from itertools import accumulate
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from gioconda.sandbox.wire import Kind

if TYPE_CHECKING:
    import av

Say = Callable[[Kind, "bytes | memoryview"], None]

#: Longest answer of facts or credentials, in bytes of JSON.
ANSWER_BYTES: Final = 256 * 1024


def luma(file: BinaryIO, options: dict[str, Any], data: bytes, say: Say) -> None:
    """Stream reduced luma of a picture, of its frames, or of a video."""
    if options["picture"]:
        from gioconda.sandbox.picture_luma import stream
    else:
        from gioconda.sandbox.video_luma import stream
    stream(file, options, say)


def facts(file: BinaryIO, options: dict[str, Any], data: bytes, say: Say) -> None:
    """Tell size and length, and what the metadata claim, as JSON."""
    from gioconda.sandbox.file_facts import facts_of

    _answer(facts_of(file, picture=bool(options["picture"])), say)


def credentials(file: BinaryIO, options: dict[str, Any], data: bytes, say: Say) -> None:
    """Tell what the Content Credentials say, as JSON.

    The data are, of such lengths: own certificates, those of others, serials, and what lay beside.
    """
    from gioconda.trust.credentials.anchors import Vouching
    from gioconda.trust.credentials.reading import read_credentials

    own, foreign, serials, beside = _parts(data, options["lengths"])
    trusted = Vouching(
        (own,) if own else (),
        frozenset(serials.decode().split()),
        (foreign,) if foreign else (),
    )
    read = read_credentials(
        file,
        options["suffix"],
        beside=beside if options["beside"] else None,
        trusted=trusted,
    )
    whole = asdict(read)
    said = whole.pop("said")
    title = said.get("title") if isinstance(said, dict) else None
    whole["title"] = title if isinstance(title, str) else ""
    _answer(whole, say)


def _parts(data: bytes, lengths: list[int]) -> list[bytes]:
    ends = list(accumulate(lengths))
    return [data[end - length : end] for length, end in zip(lengths, ends, strict=True)]


def _answer(value: dict[str, Any], say: Say) -> None:
    text = json.dumps(value, default=_plain).encode()
    if len(text) > ANSWER_BYTES:
        raise ValueError("the answer is too long")
    say(Kind.HEAD, b"")
    say(Kind.DATA, text)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


#: By the name that a request gives.
FILE_TASKS: Final[dict[str, Callable[[BinaryIO, dict[str, Any], bytes, Say], None]]] = {
    "luma": luma,
    "facts": facts,
    "credentials": credentials,
}


def _black(side: int) -> av.VideoFrame:
    import av
    import numpy as np

    return av.VideoFrame.from_ndarray(np.zeros((side, side, 3), np.uint8), "rgb24")


def load() -> None:
    """Load all that these need, and use it once, since a decoder can load nothing more.

    The reader of credentials calls back into Python by small pieces of machine code, which are
    made the first time; a confined process may not make any.
    """
    import io

    import av
    import av.video.reformatter
    import numpy as np
    from PIL import Image

    picture = Image.fromarray(np.zeros((64, 64, 3), np.uint8))
    Image.init()
    with suppress(ImportError):  # an optional part
        import pillow_heif

        pillow_heif.register_heif_opener()
    for format_ in ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "HEIF"):
        if format_ not in Image.SAVE:
            continue
        file = io.BytesIO()
        picture.save(file, format_)
        for name in ("luma", "facts"):
            file.seek(0)
            FILE_TASKS[name](file, _TRIAL | {"picture": True}, b"", lambda *_: None)
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for packet in (*stream.encode(_black(64)), *stream.encode(None)):
            container.mux(packet)
    for name in FILE_TASKS:
        file.seek(0)
        FILE_TASKS[name](file, _TRIAL | {"picture": False}, b"", lambda *_: None)


_TRIAL: Final[dict[str, Any]] = {
    "side": 64, "pixels": 64 * 64, "fps": 1.0, "whole_s": 1.0, "part_s": 1.0, "seconds": 5.0,
    "frames": 2, "suffix": ".mp4", "beside": False,
    "lengths": [0, 0, 0, 0],
}  # fmt: skip

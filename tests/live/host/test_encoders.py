"""Every frame is a packet at once, that decodes to the frame; key frames when asked for."""

from __future__ import annotations

import av
import numpy as np
import pytest

from gioconda.live.host.encoders import codec_string, create_encoder
from gioconda.live.packets import Flag, Kind


@pytest.mark.parametrize(("kind", "codec"), [(Kind.H264, "h264"), (Kind.VP8, "vp8")])
def test_frames_come_out_at_once_and_decode(kind: Kind, codec: str, astronaut: np.ndarray) -> None:
    encoder = create_encoder(kind, 512, 512, 40)
    decoder = av.CodecContext.create(codec, "r")
    keys = []
    for k in range(8):
        frame = np.roll(astronaut, 2 * k, axis=1)
        packets = encoder.encode(frame, k / 40, k == 5)
        assert len(packets) == 1
        data, flags = packets[0]
        keys.append(bool(flags & Flag.KEY))
        (decoded,) = decoder.decode(av.Packet(data)) or decoder.decode(None)
        if kind is Kind.H264:
            image = decoded.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray()
        else:
            image = decoded.reformat(format="rgb24", src_colorspace="ITU601").to_ndarray()
        error = np.abs(image.astype(float) - frame).mean()
        assert error < 8, (k, error)
        assert abs((image.astype(float) - frame).mean()) < 1.5
    assert keys == [True, False, False, False, False, True, False, False]


def test_jpeg_is_a_picture_of_the_frame(astronaut: np.ndarray) -> None:
    import cv2

    ((data, flags),) = create_encoder(Kind.JPEG, 512, 512, 40).encode(astronaut, 0.0, False)
    assert flags & Flag.KEY
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert np.abs(image.astype(float) - astronaut).mean() < 6


def test_the_codec_string_grows_with_the_work() -> None:
    assert codec_string(256, 256, 25) == "avc1.42C01E"
    assert codec_string(512, 512, 40) == "avc1.42C01F"
    assert codec_string(1024, 1024, 60) == "avc1.42C028"

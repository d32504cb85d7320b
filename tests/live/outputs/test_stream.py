"""Networks: what is sent arrives in step; a lost or dead target never holds anybody up."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.live.outputs.media import FPS, SIDE, Seen, decode, feed, picture

from gioconda.errors import OutputError
from gioconda.live.outputs import Output, OutputEvent, check_output
from gioconda.live.outputs.stream import StreamOutput

MARKS = (0.5, 1.25, 2.0)
SECRET = "s3cret"


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    assert condition()


class Receiver:
    """Reads one stream with FFmpeg in a thread, as a server would."""

    def __init__(self, url: str, **options: object) -> None:
        self.seen: Seen | None = None
        self._thread = threading.Thread(target=self._read, args=(url, options), daemon=True)
        self._thread.start()

    def _read(self, url: str, options: dict[str, object]) -> None:
        self.seen = decode(url, **options)

    def result(self) -> Seen:
        self._thread.join(20)
        assert self.seen is not None
        return self.seen


def stream(url: str, events: list[OutputEvent], **options: object) -> StreamOutput:
    return StreamOutput(
        check_output(url), SIDE, SIDE, FPS, events.append, backoff_s=(0.1, 0.2), **options
    )  # type: ignore[arg-type]


def check_received(seen: Seen, output: Output, frames: int) -> None:
    # A receiver that joins a datagram stream may miss its very beginning.
    assert frames - 25 <= len(seen.frames) <= frames
    assert output.figures.frames == frames
    assert np.allclose(np.diff(seen.flashes), np.diff(MARKS)[-len(seen.flashes) + 1 :], atol=2e-3)
    assert len(seen.flashes) >= 2
    assert np.allclose(seen.clicks[-len(seen.flashes) :], seen.flashes, atol=0.0015)
    assert np.diff(seen.frames).max() == pytest.approx(6 / FPS, abs=0.002)  # the frames left out
    assert np.diff(seen.keys).max(initial=0) <= 2.15


def test_mpegts_over_udp_arrives_in_step() -> None:
    port = free_port(socket.SOCK_DGRAM)
    receiver = Receiver(f"udp://127.0.0.1:{port}?timeout=3000000", format="mpegts")
    events: list[OutputEvent] = []
    output = stream(f"udp://127.0.0.1:{port}", events)
    wait_for(lambda: output.state == "live")
    feed(output, 3.0, marks=MARKS, start_s=7.0, missing=lambda i: 60 <= i < 65)
    output.close()
    assert [e.state for e in events] == ["connecting", "live", "closed"]
    check_received(receiver.result(), output, 115)


def test_flv_over_rtmp_arrives_in_step_and_the_key_is_never_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    port = free_port()
    url = f"rtmp://127.0.0.1:{port}/live/{SECRET}"
    caplog.set_level("DEBUG")
    receiver = Receiver(url, format="flv", options={"listen": "1"})
    events: list[OutputEvent] = []
    output = stream(url, events)
    wait_for(lambda: output.state == "live")
    feed(output, 3.0, marks=MARKS, start_s=7.0, missing=lambda i: 60 <= i < 65)
    output.close()
    check_received(receiver.result(), output, 115)
    assert SECRET not in caplog.text + repr(events) + output.name


def test_rtsp_arrives_in_step() -> None:
    port = free_port()
    url = f"rtsp://127.0.0.1:{port}/live"
    receiver = Receiver(url, options={"rtsp_flags": "listen", "listen_timeout": "10"})
    events: list[OutputEvent] = []
    output = stream(url, events)
    wait_for(lambda: output.state == "live")
    feed(output, 3.0, marks=MARKS, start_s=7.0, missing=lambda i: 60 <= i < 65)
    output.close()
    check_received(receiver.result(), output, 115)


def test_a_lost_listener_is_tried_again_and_the_picture_goes_on() -> None:
    port = free_port()
    url = f"rtmp://127.0.0.1:{port}/live/{SECRET}"
    events: list[OutputEvent] = []
    output = stream(url, events)
    wait_for(lambda: output.state == "retrying")  # nobody is there yet
    server = socket.create_server(("127.0.0.1", port))
    for _ in range(2):
        server.accept()[0].close()  # somebody who hangs up
    server.close()
    receiver = Receiver(url, format="flv", options={"listen": "1"})
    wait_for(lambda: output.state == "live")
    before = output.figures
    feed(output, 3.0, marks=MARKS, start_s=100.0, missing=lambda i: 60 <= i < 65)
    output.close()
    check_received(receiver.result(), output, before.frames + 115)
    reasons = [e.reason for e in events if e.state == "retrying"]
    assert len(reasons) >= 2
    assert "Connection refused" in reasons[0]
    assert SECRET not in repr(events)


def test_a_peer_that_never_answers_holds_nobody_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"rtmp://127.0.0.1:{server.getsockname()[1]}/live/{SECRET}"
        events: list[OutputEvent] = []
        output = stream(url, events, stall_s=1.0)
        times = []
        for i in range(120):
            begun = time.thread_time()
            output.write_frame(picture(i), i / FPS)
            output.write_audio(np.zeros(1200, np.float32), i * 1200)
            times.append(time.thread_time() - begun)
            time.sleep(0.005)
        wait_for(lambda: "retrying" in [e.state for e in events])
        output.close()
        assert output.state == "closed"
        assert output.figures.frames == 0
        assert output.figures.dropped >= 110
        assert "no answer" in repr(events)


def test_a_peer_that_stops_reading_is_given_up() -> None:
    """A server that takes the connection and then no data: the queue drops, the output retries."""
    import av

    port = free_port()
    url = f"rtmp://127.0.0.1:{port}/live/{SECRET}"
    held: list[object] = []
    threading.Thread(
        target=lambda: held.append(av.open(url, format="flv", options={"listen": "1"})),
        daemon=True,
    ).start()
    events: list[OutputEvent] = []
    output = stream(url, events, stall_s=1.0)
    wait_for(lambda: output.state == "live")
    noise = np.random.default_rng(0).integers(0, 255, (4, SIDE, SIDE, 3), dtype=np.uint8)
    i = 0
    until = time.monotonic() + 30
    while output.state == "live" and time.monotonic() < until:
        output.write_frame(noise[i % 4], i / FPS)
        output.write_audio(np.zeros(1200, np.float32), i * 1200)
        time.sleep(0.001)
        i += 1
    assert output.state in ("retrying", "connecting")
    assert output.figures.dropped > 0
    output.close()
    assert "takes no data" in repr(events)


def test_srt_without_a_program_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from gioconda.live.outputs import srt_program

    if srt_program.pyav_speaks_srt():
        pytest.skip("this PyAV speaks SRT itself")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutputError, match="srt-live-transmit"):
        stream("srt://127.0.0.1:9", [])


def test_srt_goes_through_a_program_packet_by_packet(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A stand-in for srt-live-transmit keeps what it is given: whole packets, in step."""
    from gioconda.live.outputs import srt_program

    if srt_program.pyav_speaks_srt():
        pytest.skip("this PyAV speaks SRT itself")
    program = tmp_path / "srt-live-transmit"
    program.write_text(f'#!/bin/sh\nfor last; do :; done\necho "$last" > {tmp_path}/url\n'
                       f"exec /bin/cat > {tmp_path}/got.ts\n")  # fmt: skip
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    events: list[OutputEvent] = []
    output = stream("srt://127.0.0.1:9000?latency=200", events)
    wait_for(lambda: output.state in ("connecting", "live") and bool(events))
    time.sleep(1.0)
    rng = np.random.default_rng(0)
    for i in range(200):
        output.write_frame(rng.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8), i / FPS)
        output.write_audio(np.zeros(1200, np.float32), i * 1200)
        time.sleep(0.004)
    wait_for(lambda: output.state == "live")
    output.close()
    data = (tmp_path / "got.ts").read_bytes()
    assert len(data) % 188 == 0
    assert set(data[::188]) == {0x47}
    assert (tmp_path / "url").read_text().strip() == "srt://127.0.0.1:9000?latency=200"
    assert len(decode(tmp_path / "got.ts").frames) == output.figures.frames > 0

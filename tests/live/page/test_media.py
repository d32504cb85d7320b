"""Picture and sound in the page: decoded, in step with the sound, in every path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gioconda.live import messages as m
from gioconda.live.packets import Kind

GREY = """() => {
  const { canvas } = gioconda;
  return [...canvas.getContext('2d').getImageData(2, canvas.height - 3, 1, 1).data].slice(0, 3);
}"""

COLLECT = """() => {
  window.seen = [];
  gioconda.onframe = ({ timeS, heardS }) => seen.push([timeS, heardS]);
}"""


def test_frames_are_decoded_and_shown(watched: Any) -> None:
    page = watched.open()
    watched.frames(20)
    stats = page.evaluate("gioconda.stats()")
    assert stats["path"] == "webcodecs"
    assert stats["fps"] > 0
    assert page.evaluate("[gioconda.canvas.width, gioconda.canvas.height]") == [128, 128]
    red, green, blue = page.evaluate(GREY)
    assert max(red, green, blue) - min(red, green, blue) <= 16
    assert 20 <= green <= 225
    assert watched.problems == []


def test_a_frame_is_shown_once_its_sound_is_heard(watched: Any) -> None:
    page = watched.open()
    watched.frames(10)
    page.evaluate(COLLECT)
    watched.frames(40)
    seen = page.evaluate("seen")
    times = [time_s for time_s, _ in seen]
    assert times == sorted(times)
    assert len(set(times)) == len(times)
    # Never before its sound, but for the tolerance and the clock's own smoothing.
    early = [time_s - heard for time_s, heard in seen if heard is not None]
    assert early
    assert max(early) <= 0.004


def test_the_sounds_clock_runs_with_time(watched: Any) -> None:
    page = watched.open()
    watched.frames(20)
    ran = page.evaluate(
        """async () => {
          const read = () => [performance.now() / 1000, gioconda.heard()];
          const gaps = gioconda.stats().gaps;
          const [t0, h0] = read();
          await new Promise((done) => setTimeout(done, 1500));
          const [t1, h1] = read();
          return { wall: t1 - t0, heard: h1 - h0, gaps: gioconda.stats().gaps - gaps };
        }"""
    )
    # Half a percent is the most that the player may hurry; gaps stop the clock.
    if ran["gaps"] == 0:
        assert abs(ran["heard"] - ran["wall"]) < 0.06


def test_without_webcodecs_and_webrtc_jpegs_are_shown(
    new_page: Callable[..., Any], server: Any
) -> None:
    watched = new_page()
    watched.page.add_init_script("delete window.VideoDecoder; delete window.RTCPeerConnection")
    page = watched.open()
    watched.frames(5)
    assert page.evaluate("gioconda.stats().path") == "jpeg"
    assert server.messages[0].video == "jpeg"
    assert watched.problems == []


def test_a_path_that_fails_is_left(new_page: Callable[..., Any], server: Any) -> None:
    watched = new_page()
    watched.page.add_init_script(
        "delete window.VideoDecoder; const Peer = RTCPeerConnection; window.asked = [];"
        "window.RTCPeerConnection = class extends Peer {"
        "  constructor(options) { super(options); asked.push(options?.iceServers) } }"
    )
    page = watched.open()
    page.wait_for_function("gioconda.stats().path === 'jpeg'")
    assert page.evaluate("asked") == [[{"urls": "stun:127.0.0.1:9"}]]
    watched.frames(3)
    begun = [u.video for u in server.of(m.SessionUpdate) if u.fps is not None]
    assert begun == ["none", "jpeg"]
    assert "WebRTC" in page.inner_text("#notices") or "webrtc" in page.inner_text("#notices")


def test_pcm_that_is_pushed_arrives_with_its_rate(watched: Any, server: Any) -> None:
    page = watched.open()
    assert page.evaluate("gioconda.pushPcm(Int16Array.from([1, -2, 300]), 16000)")
    page.evaluate("gioconda.commit()")
    page.wait_for_timeout(200)
    voice = [packet for packet in server.packets if packet.kind is Kind.VOICE]
    assert [packet.payload for packet in voice] == [b"\x01\x00\xfe\xff\x2c\x01"]
    assert [u.input_rate for u in server.of(m.SessionUpdate) if u.input_rate] == [16000]
    assert server.of(m.AudioCommit)


def test_a_restarted_session_begins_its_timeline_anew(watched: Any, server: Any) -> None:
    page = watched.open()
    watched.frames(5)
    server.tell(m.SessionRestarted(reason="its process was lost"))
    page.wait_for_selector(".notice")
    assert "restarted" in page.inner_text("#notices")
    watched.frames(5)

"""The player of the page's sound, run sample by sample outside any sound device."""

from __future__ import annotations

from typing import Any

import pytest
from tests.live.page.fake_server import PAGE

#: Runs the worklet's code with a made-up clock: `feed` says which chunks come at which block.
HARNESS = """(() => {
  globalThis.sampleRate = 48000;
  globalThis.currentFrame = 0;
  globalThis.AudioWorkletProcessor = class {
    constructor() { this.port = { postMessage: (told) => this.told.push(told) }; this.told = []; }
  };
  globalThis.registerProcessor = (_, processor) => { globalThis.Player = processor; };
})()"""

RUN = """({ blocks, chunk, every, late, level }) => {
  const player = new Player();
  let pushed = 0;
  const out = [];
  for (let block = 0; block < blocks; block++) {
    const due = Math.floor(currentFrame / every);
    while (pushed < due && !(late[0] <= block && block < late[1])) {
      const pcm = new Int16Array(chunk).fill(level);
      player.port.onmessage({ data: { sample: pushed * chunk, pcm } });
      pushed++;
    }
    const heard = new Float32Array(128);
    player.process([], [[heard]]);
    out.push(heard[64]);
    currentFrame += 128;
  }
  const last = player.told.at(-1);
  return { out, ...last, ring: player.ring.length, rates: player.told.map((t) => t.rate) };
}"""


@pytest.fixture
def play(browser: Any) -> Any:
    context = browser.new_context()
    page = context.new_page()
    page.evaluate(HARNESS)
    page.evaluate((PAGE / "js" / "worklets" / "player.js").read_text("utf-8"))

    def run(seconds: float, late: tuple[float, float] = (0, 0), every: int = 1200) -> Any:
        return page.evaluate(
            RUN,
            {
                "blocks": round(seconds * 375), "chunk": 1200, "every": every,
                "late": [round(t * 375) for t in late], "level": 8192,
            },
        )  # fmt: skip

    yield run
    context.close()


def test_sound_passes_unchanged(play: Any) -> None:
    played = play(5)
    assert played["underruns"] == 0
    steady = played["out"][40:]
    assert all(value == pytest.approx(0.25, abs=1e-6) for value in steady)
    assert 10 < played["buffered"] / 48 < 60


def test_clocks_that_differ_do_not_drift_apart(play: Any) -> None:
    # The server's clock runs one part in a thousand faster, worse than any real one.
    played = play(60, every=1199)
    assert played["underruns"] == 0
    assert played["buffered"] / 48 < 60
    assert set(played["rates"][5:]) - {1}


def test_a_gap_is_silence_and_what_came_late_is_drained(play: Any) -> None:
    played = play(30, late=(2, 2.2))
    assert played["underruns"] == 1
    assert played["margin"] / 48 <= 18
    assert min(played["out"][round(2.1 * 375) : round(2.2 * 375)]) == 0
    # All of it is said, a little faster, until the buffer is short again.
    assert played["buffered"] / 48 < 60
    assert max(played["rates"]) <= 1.015


def test_memory_is_a_ring(play: Any) -> None:
    played = play(20, late=(1, 8))
    assert played["ring"] == 1 << 17
    assert 0 <= played["buffered"] <= played["ring"]

"""Every utterance ends exactly once, whatever the server says of it."""

from __future__ import annotations

import random

import pytest
from tests.live.client.fake_session import FakeSession

from gioconda.live.client.ledger import OVERDUE_S, SpeechLedger
from gioconda.live.types import SpeakEnded, SpeakStarted


def test_an_utterance_begins_and_ends_once() -> None:
    ledger = SpeechLedger()
    assert ledger.push(0.5) == ledger.push(0.5) == 1
    assert ledger.end(0.1) == []
    assert ledger.started(1, 0.2) == [SpeakStarted(0.2, 1)]
    assert ledger.ended(1, 1.2, 1.0, False) == [SpeakEnded(1.2, 1, 1.0, interrupted=False)]
    assert not ledger.outstanding


def test_an_interruption_reports_what_was_played_and_mutes_until_the_server_knows() -> None:
    ledger = SpeechLedger()
    ledger.push(2.0)
    ledger.end(0.0)
    ledger.started(1, 0.1)
    assert ledger.interrupt(0.6) == []
    assert ledger.cutting
    assert ledger.ended(1, 0.65, 0.55, True) == [SpeakEnded(0.65, 1, 0.55, interrupted=True)]
    assert not ledger.cutting


def test_late_news_of_what_was_cut_is_not_taken_for_news_of_the_next() -> None:
    ledger = SpeechLedger()
    ledger.push(0.5)
    ledger.end(0.0)
    ledger.started(1, 0.1)
    # The server had finished the first when the interruption reached it.
    ledger.interrupt(0.55)
    assert ledger.push(0.4) == 2
    assert ledger.ended(1, 0.6, 0.5, False) == [SpeakEnded(0.6, 1, 0.5, interrupted=True)]
    assert ledger.started(2, 0.8) == [SpeakStarted(0.8, 2)]
    ledger.end(0.9)
    assert ledger.ended(2, 1.2, 0.4, False) == [SpeakEnded(1.2, 2, 0.4, interrupted=False)]


def test_speech_that_ran_dry_at_the_server_is_still_one_utterance() -> None:
    ledger = SpeechLedger()
    ledger.push(0.5)
    ledger.started(1, 0.0)
    assert ledger.ended(1, 2.5, 0.5, False) == []
    assert ledger.push(0.3) == 1
    assert ledger.started(2, 4.0) == []
    ledger.end(4.1)
    assert ledger.ended(2, 4.3, 0.3, False) == [SpeakEnded(4.3, 1, 0.8, interrupted=False)]


def test_speech_that_ran_dry_ends_at_once_when_nothing_more_comes() -> None:
    ledger = SpeechLedger()
    ledger.push(0.5)
    ledger.started(1, 0.0)
    ledger.ended(1, 2.5, 0.5, False)
    assert ledger.end(3.0) == [SpeakEnded(3.0, 1, 0.5, interrupted=False)]


def test_a_lost_worker_ends_what_was_complete_and_keeps_what_is_still_coming() -> None:
    ledger = SpeechLedger()
    ledger.push(1.0)
    ledger.end(0.0)
    ledger.push(1.0)
    assert ledger.restarted(0.5) == [SpeakEnded(0.5, 1, 0.0, interrupted=True)]
    assert ledger.push(0.5) == 2
    ledger.end(0.7)
    assert ledger.started(1, 0.8) == [SpeakStarted(0.8, 2)]
    # Of the second, one second was lost.
    assert ledger.ended(1, 1.3, 0.5, False) == [SpeakEnded(1.3, 2, 0.5, interrupted=True)]


def test_of_what_was_lost_in_mid_speech_the_time_that_it_was_heard_is_told() -> None:
    ledger = SpeechLedger()
    ledger.push(2.0)
    ledger.end(0.0)
    ledger.started(1, 0.25)
    assert ledger.restarted(1.0) == [SpeakEnded(1.0, 1, 0.75, interrupted=True)]


def test_an_end_that_never_comes_is_given_once_it_is_overdue() -> None:
    ledger = SpeechLedger()
    ledger.push(1.0)
    ledger.end(0.0)
    assert ledger.tick(1.0 + OVERDUE_S - 0.01) == []
    assert ledger.tick(1.0 + OVERDUE_S) == [SpeakEnded(4.0, 1, 0.0, interrupted=True)]


def test_a_text_ends_with_the_servers_first_word_and_a_refused_one_at_once() -> None:
    ledger = SpeechLedger()
    assert ledger.say() == 1
    ledger.started(1, 0.5)
    assert ledger.ended(1, 2.0, 1.5, False) == [SpeakEnded(2.0, 1, 1.5, interrupted=False)]


def test_a_text_that_is_refused_or_interrupted_unspoken_is_none_of_the_servers() -> None:
    ledger = SpeechLedger()
    ledger.say()
    ledger.push(0.5)
    ledger.end(0.1)
    assert ledger.refused(0.2) == [SpeakEnded(0.2, 1, 0.0, interrupted=True)]
    assert ledger.started(1, 0.3) == [SpeakStarted(0.3, 2)]
    assert ledger.ended(1, 0.8, 0.5, False) == [SpeakEnded(0.8, 2, 0.5, interrupted=False)]
    ledger.say()
    assert ledger.interrupt(1.0) == [SpeakEnded(1.0, 3, 0.0, interrupted=True)]
    assert not ledger.cutting
    ledger.push(0.5)
    assert ledger.started(2, 1.2) == [SpeakStarted(1.2, 4)]


@pytest.mark.parametrize("seed", range(40))
def test_with_any_delay_and_any_course_each_utterance_ends_once(seed: int) -> None:
    """A client and a session talk with delays both ways; the session is the real queue."""
    rng = random.Random(seed)
    session, ledger = FakeSession(orderly=seed % 4 > 0), SpeechLedger()
    to_server: list[tuple[float, str, float]] = []
    to_client: list[tuple[float, object]] = []
    got: list[SpeakStarted | SpeakEnded] = []
    numbers: set[int] = set()
    delay_s = rng.choice([0.0, 0.02, 0.15])
    now_s, resting_s = 0.0, 0.0
    while now_s < 25.0:
        now_s += 0.025
        if now_s > resting_s and now_s < 18.0:
            what = rng.choices(["push", "end", "interrupt", "rest"], [6, 2, 1, 2])[0]
            seconds = rng.uniform(0.05, 0.6)
            if what == "push":
                numbers.add(ledger.push(seconds))
            elif what == "end":
                got += ledger.end(now_s)
            elif what == "interrupt":
                got += ledger.interrupt(now_s)
            to_server.append((now_s + delay_s, what, seconds))
            resting_s = now_s + rng.choice([0.0, 0.3, 3.0 if what == "rest" else 0.1])
        elif 18.0 <= now_s < 18.02 + 0.01:
            got += ledger.end(now_s)
            to_server.append((now_s + delay_s, "end", 0.0))
        while to_server and to_server[0][0] <= now_s:
            _, what, seconds = to_server.pop(0)
            if what == "push":
                session.push_audio([0.5] * round(seconds * 48_000), 48_000)
            elif what == "end":
                session.end_of_speech()
            elif what == "interrupt":
                session.interrupt()
        to_client += [(now_s + delay_s, event) for event in session.step(now_s).events]
        while to_client and to_client[0][0] <= now_s:
            event = to_client.pop(0)[1]
            if isinstance(event, SpeakStarted):
                got += ledger.started(event.utterance, event.time_s)
            else:
                assert isinstance(event, SpeakEnded)
                got += ledger.ended(
                    event.utterance, event.time_s, event.played_s, event.interrupted
                )
        got += ledger.tick(now_s)
    ended = [e.utterance for e in got if isinstance(e, SpeakEnded)]
    begun = [e.utterance for e in got if isinstance(e, SpeakStarted)]
    assert ended == sorted(numbers)
    assert begun == sorted(set(begun))
    for place, event in enumerate(got):
        if isinstance(event, SpeakStarted):
            assert not any(e.utterance == event.utterance for e in got[:place])

"""The time of a run of drawn calls, shared out among targets, on a clock that the tests turn."""

from __future__ import annotations

from reports.recording.shares import AHEAD, Shares
from tests.reports.making import make

CALLS = [make("conv", f"c{number}") for number in range(40)]


class Clock:
    """A clock that shows what a test says."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def _asked(shares: Shares, clock: Clock, target: str, seconds: float) -> int:
    """Ask one call after another, each of so many seconds, and return how many were asked."""
    asked = len(shares.first(target))
    answered = 0
    while answered < asked:
        clock.now += seconds
        answered += 1
        shares.left(target)
        asked += len(shares.more(target))
    return asked


def test_without_a_limit_every_call_is_asked_at_once() -> None:
    shares = Shares(None, 2, {"a": CALLS})
    assert shares.first("a") == CALLS
    assert shares.more("a") == shares.left("a") == []


def test_each_target_has_the_same_time_and_what_one_leaves_goes_to_the_next() -> None:
    clock = Clock()
    shares = Shares(120.0, 1, dict.fromkeys("abcd", CALLS), clock)
    assert _asked(shares, clock, "a", 3.0) == 10 + AHEAD  # 3 + (120 - 3) / 4 = 32.25 seconds, then those under way
    assert _asked(shares, clock, "b", 0.1) == len(CALLS)
    assert _asked(shares, clock, "c", 1.0) == 31 + AHEAD  # half of the 62 that are left
    assert _asked(shares, clock, "d", 1.0) == 22 + AHEAD
    assert 120 <= clock.now < 120 + AHEAD + 1


def test_the_calls_that_are_left_are_told_once() -> None:
    clock = Clock()
    shares = Shares(1.0, 1, {"a": CALLS}, clock)
    begun = shares.first("a")
    assert len(begun) == AHEAD
    assert shares.left("a") == []  # its time begins now
    clock.now = 2.0
    assert [*begun, *shares.left("a")] == CALLS
    assert shares.left("a") == shares.more("a") == []


def test_as_many_targets_as_slots_have_all_the_time() -> None:
    clock = Clock()
    shares = Shares(10.0, 2, {"a": CALLS, "b": CALLS}, clock)
    assert not shares.is_over("a")
    assert not shares.is_over("b")
    clock.now = 9.9
    assert not shares.is_over("a")
    clock.now = 10.0
    assert shares.is_over("a")


def test_another_target_than_those_that_share_has_no_more_calls() -> None:
    """The oracle is asked all calls at once."""
    shares = Shares(1.0, 1, {"a": CALLS}, Clock())
    assert shares.left("oracle") == shares.more("oracle") == []

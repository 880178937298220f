"""Workers that are lost: the answers of the cases that ended them; no other case notices."""

from __future__ import annotations

import pytest

from adapters.engine.launch import resolve
from adapters.engine.pool import Pool
from adapters.engine.process import STDERR_END
from adapters.outcome import Crashed, Raised, Result, Returned, TimedOut
from cases.model.case import Case
from tests.adapters.asking import EAGER, Sink, case, plain, run
from tests.adapters.processes import PATIENCE

FAKES = "tests.adapters.fakes"
MIB = 2**20

CRASHES = {
    "bad-abort": "SIGABRT",
    "bad-segv": "SIGSEGV",
    "bad-kill": "SIGKILL",
    "bad-exit": "exit status 3",
    "bad-quiet": "exit status 0",
}
LIMIT = 2.0
"""Seconds: a multiple of what a call takes, also on a busy machine."""


def _scattered() -> list[Case]:
    """Return 200 good cases, 20 that crash, five that hang, and one that hangs while it dies, some of them in a row."""
    cases = [case(f"case-{number}") for number in range(200)]
    bad = [case(f"{name}-{number}") for name in CRASHES for number in range(4)]
    bad += [case(f"{name}-{number}") for name, count in (("bad-hang", 3), ("bad-stuck", 2)) for number in range(count)]
    bad.append(case("bad-slowly"))
    for number, broken in enumerate(bad):
        cases.insert((number * 37 if number % 4 else number * 9 + 120) % len(cases), broken)
    return cases


def test_a_lost_worker_loses_nothing() -> None:
    cases = _scattered()
    valid = [asked for asked in cases if "bad" not in asked.id]
    without = dict(zip((asked.id for asked in valid), map(plain, run("Right", valid)), strict=True))
    for asked, actual in zip(cases, run(f"{FAKES}:Ends", cases, limit=LIMIT), strict=True):
        name = asked.id.partition("::")[2].rpartition("-")[0]
        if asked.id in without:
            assert plain(actual) == without[asked.id], asked.id
        elif "slowly" in asked.id:
            assert isinstance(actual, Crashed)
            assert actual.signal == "SIGKILL after hanging"
        elif name in CRASHES:
            assert isinstance(actual, Crashed), asked.id
            assert actual.signal == CRASHES[name]
        else:
            assert actual == TimedOut(seconds=LIMIT), asked.id
    assert (len(valid), len(cases)) == (200, 226)


def test_a_process_that_hangs_while_it_dies_is_killed_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The case's limit counts, although a process may have longer to end."""
    monkeypatch.setattr("adapters.engine.process.PATIENCE", 10 * PATIENCE)
    sink = Sink()
    with Pool(case_limit=LIMIT) as pool:
        pool.probe([resolve(f"{FAKES}:Ends")])
        pool.start({EAGER: [case("bad-slowly"), case("fine")]}, sink)
        assert pool.wait(PATIENCE)
    slowly, fine = sink.answers
    assert isinstance(slowly, Result)
    assert isinstance(slowly.outcome, Crashed)
    assert slowly.outcome.signal == "SIGKILL after hanging"
    assert isinstance(fine.outcome, Returned)


@pytest.mark.parametrize(("name", "signal"), [("bad-abort", "SIGABRT"), ("bad-kill", "SIGKILL")])
def test_a_process_that_floods_its_stderr_first_is_told_by_the_end_of_it(name: str, signal: str) -> None:
    crashed, fine = run(f"{FAKES}:Floods", [case(name), case("fine")])
    assert crashed.signal == signal
    assert len(crashed.stderr) == STDERR_END
    assert "and words\nwords" in crashed.stderr
    assert "last words\n" in crashed.stderr
    assert isinstance(fine, Returned)


def test_a_stack_does_not_push_out_the_reason() -> None:
    (crashed,) = run(f"{FAKES}:Explains", [case("bad-abort")])
    assert isinstance(crashed, Crashed)
    assert crashed.stderr.splitlines()[0] == "F0000 check failed: 2 vs. 3"
    assert "a::long::name" not in crashed.stderr
    assert "last words\n" in crashed.stderr


def test_what_earlier_calls_said_is_not_the_dead_one_s() -> None:
    *_, crashed = run(f"{FAKES}:Chatters", [case("fine"), case("good"), case("bad-abort")])
    assert isinstance(crashed, Crashed)
    assert crashed.stderr.startswith("last words\n")
    assert "chatter" not in crashed.stderr


def test_a_call_that_asks_for_more_memory_than_there_is_for_it_raises_and_the_next_one_runs() -> None:
    """The 64 MiB that the adapter holds since it was loaded do not count against what calls may take."""
    names = ("bad-80", "bad-200", "fine", "bad-80")
    within, beyond, fine, again = run(f"{FAKES}:Greedy", [case(name) for name in names], memory=100 * MIB)
    assert isinstance(within, Returned)
    assert beyond == Raised(type="MemoryError", message="", stage="calling")
    assert isinstance(fine, Returned)
    assert isinstance(again, Returned)


def test_each_worker_counts_for_itself_and_a_large_cap_is_none() -> None:
    for memory, kind in ((300 * MIB, Returned), (2**70, Returned), (150 * MIB, Raised)):
        (outcome,) = run(f"{FAKES}:Greedy", [case("bad-200")], memory=memory)
        assert isinstance(outcome, kind), memory

"""How late the event loop is."""

import asyncio
import contextlib

from db.clock import SystemClock
from signaling.aio.loop_lag import REMEMBERED, LoopLag


def test_one_long_stall_is_no_reason_to_send_anybody_away() -> None:
    lag = LoopLag(SystemClock())
    for _ in range(REMEMBERED - 1):
        lag.note(0.001)
    lag.note(8.0)
    assert (lag.usual_s, lag.greatest_s) == (0.001, 8.0)


def test_a_loop_that_is_late_again_and_again_is_one() -> None:
    lag = LoopLag(SystemClock())
    for _ in range(REMEMBERED - 1):
        lag.note(0.9)
    assert lag.usual_s == 0.0  # nobody judges a server that has just begun
    lag.note(0.9)
    assert lag.usual_s == 0.9


async def test_it_tells_what_it_finds() -> None:
    told: asyncio.Queue[float] = asyncio.Queue()
    lag = LoopLag(SystemClock(), told.put_nowait)
    watching = asyncio.create_task(lag.watch_for_ever())
    assert await asyncio.wait_for(told.get(), 30) >= 0
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching

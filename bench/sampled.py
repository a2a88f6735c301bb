"""Runs a module and notes, every few milliseconds of CPU time, what it is doing.

    python -m bench.sampled samples.json -m web.cli serve …

SIGPROF comes by CPU time, not by the wall clock, so an idle process is not sampled. Python sees the
signal when the running C call returns, so time in C counts for the function that called it. Threads
other than the main one count for whatever the main one does then.
"""

import atexit
import json
import runpy
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

EVERY_S = 0.002
DEEPEST = 60

Stack = tuple[str, ...]


def main() -> None:
    """Start sampling, then become the module."""
    target, flag, module, *arguments = sys.argv[1:]
    if flag != "-m":
        raise SystemExit(__doc__)
    samples: Counter[Stack] = Counter()

    def take(_number: int, frame: FrameType | None) -> None:
        samples[stack_of(frame)] += 1

    def write() -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        Path(target).write_text(json.dumps([[list(stack), count] for stack, count in samples.items()]))

    atexit.register(write)
    signal.signal(signal.SIGPROF, take)
    signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def stack_of(frame: FrameType | None) -> Stack:
    """Module and function of each frame, innermost first."""
    stack: list[str] = []
    while frame is not None and len(stack) < DEEPEST:
        stack.append(f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_name}")
        frame = frame.f_back
    return tuple(stack)


if __name__ == "__main__":
    main()

"""Steps back, then becomes another program: what runs beside live interviews begins here.

    python -I background.py NICENESS POLICY PROGRAM [ARGUMENT]…

Whatever the program does, it cannot come back: some encoders give their threads real-time priority where they may
(SVT-AV1 as root), and two of those took a whole machine. The program dies with whoever started it, and before them when
memory runs out. Standard library alone, so that it starts at once.
"""

import contextlib
import ctypes
import os
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_CAPBSET_DROP = 24
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
CAP_SYS_NICE = 23
SIGKILL = 9
FIRST_TO_GO = "1000"
"The highest oom_score_adj there is."


def main() -> None:
    """Step back, then run the program in this process's place."""
    niceness, policy, *command = sys.argv[1:]
    step_back(int(niceness), policy)
    os.execvp(command[0], command)  # noqa: S606  named by us or by the settings, no shell between


def step_back(niceness: int, policy: str) -> None:
    """Become nicer for good; `policy` is `BATCH` or `IDLE`, and does nothing on systems without it."""
    os.setpriority(os.PRIO_PROCESS, 0, max(niceness, os.getpriority(os.PRIO_PROCESS, 0)))
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, getattr(os, f"SCHED_{policy}"), os.sched_param(0))
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO, encoding="ascii")
        _stay_there()


def _stay_there() -> None:
    import resource

    for limit in (resource.RLIMIT_RTPRIO, resource.RLIMIT_NICE):
        resource.setrlimit(limit, (0, 0))
    # Root is above limits: only without this capability, which exec does not give back then, it is not. Whoever is
    # not root may not drop it, and does not have it.
    system = ctypes.CDLL(None)
    system.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    system.prctl(PR_CAPBSET_DROP, CAP_SYS_NICE, 0, 0, 0)
    system.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    main()

"""CPU of a process from outside, as Linux counts it."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process used between two moments."""

    seconds: float
    "Wall time between them."
    cpu_s: float
    "User and system time of all its threads."

    @property
    def cores(self) -> float:
        """Cores that were busy on average."""
        return self.cpu_s / self.seconds


class ProcessMeter:
    """Measures a process from now on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._began = time.monotonic()
        self._cpu_s = cpu_seconds(pid)

    def read(self) -> Usage:
        """What was used since the meter was made."""
        return Usage(time.monotonic() - self._began, cpu_seconds(self._pid) - self._cpu_s)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all its threads so far (proc(5), fields 14 and 15)."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def resident_megabytes(pid: int) -> float:
    """Resident memory of a process, MB of 10^6 bytes (proc(5))."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

"""How a sender's media clock relates to other clocks: to our arrival times, and to the wall clock that it reports."""

from collections import deque
from enum import Enum, auto
from statistics import median

from media_server.rtp.sequence import timestamp_distance

_BUCKET = 2.0  # seconds over which the least delay is sought
_BUCKETS = 4  # how many of these count; 200 ppm of drift over all of them are 1.6 ms
_STANDSTILL = 1.0  # seconds by which the least delay must rise at once before the media clock has been standing still

_MAX_REPORTS = 12
_FIT_REPORTS = 4  # fewer than these tell an offset but no drift
_FIT_SPAN = 30.0  # seconds; over less, what single reports are off by looks like drift
_MAX_DRIFT = 0.002  # no sound card and no system clock is off by more
_STRAY = 0.015  # seconds that a report lies beside the line at least to be no noise; browsers' are off by 5 ms
_AGREE = 0.010  # seconds within which a second stray report lies where the first did: the clock has stepped
_MAX_STRAYS = 4  # as many in a row, wherever they lie: the line is wrong

_WALL_CLOCK_STEP = 1.0  # seconds by which a report's wall time may differ from what its arrival lets expect
_PROBATION = 4  # reports that must agree after the wall clock stepped


class LeastDelay:
    """Arrival time minus media time, as it is without queueing: the least of the last eight seconds.

    Network jitter only ever delays, so the least delay hardly moves, while a slow drift of the clocks still shows.
    """

    __slots__ = ("_bucket_end", "_current", "_past")

    def __init__(self, buckets: int = _BUCKETS) -> None:
        """`buckets`: over how many stretches of two seconds the least delay is taken."""
        self._past: deque[float] = deque(maxlen=buckets - 1)
        self._current: float | None = None
        self._bucket_end = 0.0

    @property
    def seconds(self) -> float | None:
        """The least delay; None before the first arrival."""
        if self._current is None or not self._past:
            return self._current
        return min(self._current, *self._past)

    def add(self, arrival: float, media_seconds: float) -> float:
        """Note an arrival. Returns by how many seconds the media clock turns out to have stood still, mostly 0.

        It stood still when nothing of the last eight seconds came less than a second later than before: a sender
        that paused without counting on. A queue in the network delays as much, but drains.
        """
        delay = arrival - media_seconds
        if self._current is not None and arrival < self._bucket_end:
            self._current = min(self._current, delay)
            return 0.0
        before = self.seconds
        if self._current is not None:
            self._past.append(self._current)
        self._current, self._bucket_end = delay, arrival + _BUCKET
        rise = min(delay, *self._past) - before if before is not None else 0.0
        return rise if rise > _STANDSTILL else 0.0

    def restart(self) -> None:
        """Forget all arrivals."""
        self._past.clear()
        self._current = None


class ReportedClock:
    """One SSRC's RTP clock against its sender's wall clock, from the pairs in its sender reports.

    A line through the latest reports (its drift the median of all pairs' slopes, its offset the median of what is
    left) smooths the few milliseconds that each report is off. A sound clock also steps: what a busy machine does not
    record in time is missing from the sample count for good. Two reports that lie beside the line at the same place
    tell a step, and it is followed at once; a single one there does not count.
    """

    __slots__ = ("_drift", "_offset", "_rate", "_reports", "_strays")

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._reports: deque[tuple[float, int]] = deque(maxlen=_MAX_REPORTS)  # NTP seconds, RTP timestamp
        self._strays: list[tuple[float, int]] = []  # the latest reports, when they lie beside the line
        self._offset = 0.0  # seconds that the line lies beside the newest report
        self._drift = 0.0  # NTP seconds per RTP second, less 1

    def __len__(self) -> int:
        return len(self._reports)

    @property
    def pace(self) -> float:
        """RTP seconds per NTP second."""
        return 1 / (1 + self._drift)

    def add(self, ntp_seconds: float, rtp_timestamp: int) -> None:
        """Note a sender report's pair. One beside the line is taken up when the next one agrees with it."""
        report = (ntp_seconds, rtp_timestamp)
        if not self._reports or abs(self.ntp_of(rtp_timestamp) - ntp_seconds) <= _STRAY:
            self._strays.clear()
            self._reports.append(report)
            self._fit()
            return
        self._strays.append(report)
        has_stepped = self._agree()
        if has_stepped or len(self._strays) >= _MAX_STRAYS:
            self._reports = deque(self._strays[-2:] if has_stepped else self._strays, maxlen=_MAX_REPORTS)
            self._strays.clear()
            self._fit()

    def ntp_of(self, rtp_timestamp: int) -> float:
        """The sender's wall time of an RTP timestamp, wrapped or unwrapped. There must be a report."""
        ntp, reference = self._reports[-1]
        elapsed = timestamp_distance(rtp_timestamp, reference) / self._rate
        return ntp + self._offset + elapsed * (1 + self._drift)

    def _agree(self) -> bool:
        """Whether the two latest strays lie on a line of the known drift."""
        if len(self._strays) < 2:  # noqa: PLR2004 - two, as the docstring says
            return False
        first, second = self._strays[-2:]
        elapsed = timestamp_distance(second[1], first[1]) / self._rate
        return abs(self._beside(first, second) - elapsed * self._drift) <= _AGREE

    def _beside(self, first: tuple[float, int], second: tuple[float, int]) -> float:
        """By how many seconds the wall clock went on more than the media clock between two reports."""
        return second[0] - first[0] - timestamp_distance(second[1], first[1]) / self._rate

    def _fit(self) -> None:
        newest = self._reports[-1]
        # Each report as RTP seconds before the newest, and NTP seconds beside it.
        points = [
            (timestamp_distance(report[1], newest[1]) / self._rate, -self._beside(report, newest))
            for report in self._reports
        ]
        slope = _median_slope(points)
        # A step changes the offset, not the drift: what is known of it holds until there is enough to tell it anew.
        self._drift = self._drift if slope is None else slope
        self._offset = median(beside - self._drift * elapsed for elapsed, beside in points)


def _median_slope(points: list[tuple[float, float]]) -> float | None:
    """Theil and Sen's slope; None while there is too little to tell one."""
    if len(points) < _FIT_REPORTS or points[-1][0] - points[0][0] < _FIT_SPAN:
        return None
    slopes = [
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for index, earlier in enumerate(points)
        for later in points[index + 1 :]
        if later[0] > earlier[0]
    ]
    return max(-_MAX_DRIFT, min(_MAX_DRIFT, median(slopes))) if slopes else None


class WallClock:
    """Whether a sender's wall clock can be believed: it must go on as our own time does.

    One report that steps by more than a second, against its arrival, is not used and puts the clock in doubt (it may
    just have been late); a second one there means that the clock was set, and a few more have to agree with it.
    """

    __slots__ = ("_lead", "_probation", "_stray", "distrusted")

    def __init__(self) -> None:
        self.distrusted = False
        self._lead: float | None = None  # the sender's wall time minus our arrival time
        self._stray: float | None = None
        self._probation = 0

    def check(self, ntp_seconds: float, now: float) -> "Verdict":
        """Judge one report."""
        lead = ntp_seconds - now
        if ntp_seconds <= 0:  # RFC 3550 section 6.4.1: the sender has no wall clock
            verdict = Verdict.REFUSED
        elif self._lead is None or abs(lead - self._lead) <= _WALL_CLOCK_STEP:
            self._lead, self._stray = lead, None
            self._probation = max(0, self._probation - 1)
            verdict = Verdict.ACCEPTED
        elif self._stray is None or abs(lead - self._stray) > _WALL_CLOCK_STEP:
            self._stray = lead
            verdict = Verdict.REFUSED
        else:
            self._lead, self._stray = lead, None
            self._probation = _PROBATION
            verdict = Verdict.STEPPED
        self.distrusted = verdict is Verdict.REFUSED or self._probation > 0
        return verdict


class Verdict(Enum):
    """What to do with a sender report's pair."""

    ACCEPTED = auto()
    "Use it."
    REFUSED = auto()
    "Leave it out."
    STEPPED = auto()
    "Forget all earlier ones, and use it."

"""What a sender told lately of its clocks, for the next part of the same connection.

Sound's reports come every 4 to 7 s. A part that begins after a pause would know nothing until then, although the
clocks have not changed.
"""

from collections import deque
from dataclasses import dataclass

from media_server.recording.recorder import Recorder
from media_server.rtp.packet import MediaKind

REMEMBERED = 4
"Reports of each kind: as many as tell a line (`rtp/clocks.py`)."


@dataclass(frozen=True, slots=True)
class _Report:
    arrival: float
    ssrc: int
    ntp_seconds: float
    rtp_timestamp: int


class SenderReports:
    """The latest sender reports of one connection."""

    def __init__(self) -> None:
        self._reports: dict[MediaKind, deque[_Report]] = {kind: deque(maxlen=REMEMBERED) for kind in MediaKind}

    def note(self, kind: MediaKind, ssrc: int, ntp_seconds: float, rtp_timestamp: int, now: float) -> None:
        """Remember a report that has just come; those of another SSRC are over."""
        reports = self._reports[kind]
        if reports and reports[-1].ssrc != ssrc:
            reports.clear()
        reports.append(_Report(now, ssrc, ntp_seconds, rtp_timestamp))

    def tell(self, recorder: Recorder) -> None:
        """Tell a new recorder what its predecessors heard, in the order in which it came."""
        told = [(report, kind) for kind, reports in self._reports.items() for report in reports]
        for report, kind in sorted(told, key=lambda each: each[0].arrival):
            recorder.receive_sender_report(kind, report.ssrc, report.ntp_seconds, report.rtp_timestamp, report.arrival)

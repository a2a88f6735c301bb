"""What a receiver report says of one SSRC (RFC 3550 section 6.4 and appendix A.3 and A.8)."""

from dataclasses import dataclass

from media_server.rtp.packet import RtpPacket
from media_server.rtp.sequence import SequenceUnwrapper, timestamp_distance

_MAX_LOST = (1 << 23) - 1
_MIN_LOST = -(1 << 23)
_MAX_32_BITS = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """One report block, its fields as RFC 3550 section 6.4.1 puts them on the wire."""

    ssrc: int
    "The stream it is about."
    fraction_lost: int
    "Of the packets since the last report, in 1/256."
    packets_lost: int
    "Since the beginning; below 0 when duplicates outnumber losses."
    highest_sequence: int
    "The highest sequence number, with the count of wraps in the upper 16 of 32 bits."
    jitter: int
    "Interarrival jitter in ticks of the RTP clock."
    last_sender_report: int
    "The middle 32 bits of the last sender report's NTP time; 0 before any."
    delay_since_sender_report: int
    "Since that report arrived, in 1/65536 s; 0 before any."


class ReceptionStatistics:
    """Counts one SSRC's packets as they come from the network."""

    __slots__ = (
        "_expected_before",
        "_first",
        "_jitter",
        "_rate",
        "_received",
        "_received_before",
        "_report",
        "_sequence",
        "_ssrc",
        "_timestamp",
        "_transit_at",
    )

    def __init__(self, ssrc: int, clock_rate: int) -> None:
        self._ssrc = ssrc
        self._rate = clock_rate
        self._sequence = SequenceUnwrapper()
        self._first = 0
        self._received = 0
        self._expected_before = self._received_before = 0
        self._jitter = 0.0
        self._timestamp = 0
        self._transit_at = 0.0
        self._report: tuple[int, float] | None = None

    def receive(self, packet: RtpPacket, now: float) -> None:
        """Count a packet. What comes late or again counts, but measures no jitter: its timestamp is old."""
        newest = self._sequence.highest
        number = self._sequence.unwrap(packet.sequence_number)
        if number is None:
            return
        if newest is None:
            self._first = number
        elif number > newest:
            self._measure_jitter(packet.timestamp, now)
        self._received += 1
        if newest is None or number > newest:
            self._timestamp, self._transit_at = packet.timestamp, now

    def receive_sender_report(self, ntp_time: int, now: float) -> None:
        """Note a sender report: its 64-bit NTP time and when it arrived."""
        self._report = (ntp_time >> 16 & _MAX_32_BITS, now)

    def report_block(self, now: float) -> ReportBlock | None:
        """What to report now; None before the first packet. Each call begins a new interval."""
        highest = self._sequence.highest
        if highest is None:
            return None
        expected = highest - self._first + 1
        lost = max(_MIN_LOST, min(_MAX_LOST, expected - self._received))
        fraction = self._fraction_lost(expected)
        last_report, delay = self._since_report(now)
        jitter = min(_MAX_32_BITS, int(self._jitter))
        return ReportBlock(self._ssrc, fraction, lost, highest & _MAX_32_BITS, jitter, last_report, delay)

    def _measure_jitter(self, timestamp: int, now: float) -> None:
        """RFC 3550 appendix A.8; packets of one timestamp left the encoder together and tell nothing."""
        elapsed = timestamp_distance(timestamp, self._timestamp)
        if elapsed:
            difference = abs((now - self._transit_at) * self._rate - elapsed)
            self._jitter += (difference - self._jitter) / 16

    def _fraction_lost(self, expected: int) -> int:
        expected_now = expected - self._expected_before
        lost_now = expected_now - (self._received - self._received_before)
        self._expected_before, self._received_before = expected, self._received
        if expected_now <= 0 or lost_now <= 0:
            return 0
        return min(255, (lost_now << 8) // expected_now)

    def _since_report(self, now: float) -> tuple[int, int]:
        if self._report is None:
            return 0, 0
        last_report, arrived = self._report
        return last_report, max(0, min(_MAX_32_BITS, int((now - arrived) * 65536)))

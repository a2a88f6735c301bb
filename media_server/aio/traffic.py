"""What all connections together received and lost since the server began; for the metrics."""

from dataclasses import dataclass

from media_server.recording.events import Arrived


@dataclass(slots=True)
class Traffic:
    """Running numbers; they only grow. Touched in the event loop alone."""

    received: int = 0
    "RTP packets that were of use."
    lost: int = 0
    "Packets that were given up."
    recovered: int = 0
    "Packets that were missing and came after all, late or sent again."
    concealed_ms: int = 0
    "Sound that was lost and is filled, so that it can be played through."
    junk: int = 0
    "Datagrams that nobody could use: forged, broken, too early, or no media at all."

    def add(self, now: Arrived, before: Arrived) -> None:
        """Count what one part received since it was asked last."""
        self.received += now.received - before.received
        self.lost += now.lost - before.lost
        self.recovered += now.recovered - before.recovered
        self.concealed_ms += now.concealed_ms - before.concealed_ms

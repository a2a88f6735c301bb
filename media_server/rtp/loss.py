"""What is missing, when it is asked for again, and when it is given up."""

from collections.abc import Iterable
from dataclasses import dataclass

_UNMEASURED_ROUND_TRIP = 0.1  # what a retransmission is waited for until one was measured
_SMOOTHING = 1 / 8  # weight of a new measurement, as in RFC 6298
_HELD_UP = 0.1  # seconds by which a timer is late when the whole process was held up


@dataclass(frozen=True, slots=True)
class LossSettings:
    """How hard a track tries to get back what was lost; all in seconds."""

    grace: float = 0.010
    "A missing packet is asked for after this long; it may only be late."
    interval: float = 0.020
    "The shortest time between two requests for the same packet."
    give_up: float = 0.500
    "A packet still missing after this long is given up."
    keyframe_interval: float = 0.500
    "The shortest time between two wishes for a keyframe."


class RoundTrip:
    """How long a retransmission takes: told from outside, or learned from requests and their answers."""

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = _UNMEASURED_ROUND_TRIP

    def learn(self, seconds: float) -> None:
        """Smooth in one measured request-to-arrival time."""
        self.seconds += _SMOOTHING * (seconds - self.seconds)


class _Missing:
    __slots__ = ("ask_at", "asked", "asked_at", "give_up_at")

    def __init__(self, ask_at: float, give_up_at: float) -> None:
        self.ask_at = ask_at
        self.give_up_at = give_up_at
        self.asked = 0
        self.asked_at = 0.0


class MissingPackets:
    """The sequence numbers (unwrapped) that one SSRC still owes, lowest first."""

    def __init__(self, settings: LossSettings, round_trip: RoundTrip) -> None:
        self._settings = settings
        self._round_trip = round_trip
        self._missing: dict[int, _Missing] = {}

    def __contains__(self, number: int) -> bool:
        return number in self._missing

    def __len__(self) -> int:
        return len(self._missing)

    def add(self, numbers: Iterable[int], now: float) -> None:
        """Note numbers that were jumped over; they lie above all that are noted already."""
        ask_at, give_up_at = now + self._settings.grace, now + self._settings.give_up
        for number in numbers:
            self._missing[number] = _Missing(ask_at, give_up_at)

    def arrived(self, number: int, now: float) -> bool:
        """True when the number was missing. A packet asked for exactly once measures the round trip (Karn's rule)."""
        missing = self._missing.pop(number, None)
        if missing is None:
            return False
        if missing.asked == 1:
            self._round_trip.learn(now - missing.asked_at)
        return True

    def ask(self, now: float) -> list[int]:
        """The numbers to ask for now; each comes again after the longer of interval and round trip."""
        again_at = now + max(self._settings.interval, self._round_trip.seconds)
        due: list[int] = []
        for number, missing in self._missing.items():
            if missing.ask_at <= now:
                missing.ask_at, missing.asked_at = again_at, now
                missing.asked += 1
                due.append(number)
        return due

    def give_up(self, now: float) -> bool:
        """Forget the numbers that were waited for long enough. True when there were any.

        Called much too late, it waits an interval more: what was sent again meanwhile lies in the socket, unread.
        """
        due = [number for number, missing in self._missing.items() if missing.give_up_at <= now]
        if due and now - self._missing[due[0]].give_up_at > _HELD_UP:
            for number in due:
                self._missing[number].give_up_at = now + self._settings.interval
            return False
        for number in due:
            del self._missing[number]
        return bool(due)

    def give_up_lowest(self) -> None:
        """Forget the lowest number, if there is any."""
        if self._missing:
            del self._missing[next(iter(self._missing))]

    def clear(self) -> None:
        """Forget them all."""
        self._missing.clear()

    def next_timeout(self) -> float | None:
        """When to ask or to give up next."""
        if not self._missing:
            return None
        return min(min(missing.ask_at, missing.give_up_at) for missing in self._missing.values())

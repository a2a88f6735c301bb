"""Whether sound arrives where a microphone was agreed on.

A page can believe that it sends and send nothing: an AudioContext that never started, a driver that gives no samples.
The connection stands, the picture comes, and nobody would notice before the interview is over.
"""

NO_SOUND_S = 3.0
"Without a packet for this long no sound arrives. Browsers send silence as well, at least twice a second."


class SoundWatch:
    """Told of packets, asked once a second."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._told_silent = False

    def receive_media(self, now: float) -> None:
        """Anything arrives: from the first of it on, sound is expected."""
        if self._since is None:
            self._since = now

    def receive_sound(self, now: float) -> None:
        """Sound arrives."""
        self._since = now

    def restart(self) -> None:
        """After a pause it is expected anew."""
        self._since = None

    def judge(self, now: float) -> bool | None:
        """True when sound has just come again, False when it has just been missed for too long; None: no news."""
        is_silent = self._since is not None and now - self._since > NO_SOUND_S
        if is_silent == self._told_silent:
            return None
        self._told_silent = is_silent
        return not is_silent

"""The one ICE and DTLS transport that an offer's sound and picture share."""

import re

from signaling.protocol.ice import MAX_ICE_CANDIDATES, read_credentials, read_ice_candidate
from signaling.protocol.sdp import Description, MalformedSdp, MediaSection, Section, UnacceptableOffer

_FINGERPRINT = re.compile(r"(?:sha-256|sha-384|sha-512) [0-9A-F]{2}(?::[0-9A-F]{2}){31,63}", re.IGNORECASE)
_MID = re.compile(r"[!#-'*+.\-0-9A-Z^-~]{1,32}")


class Transport:
    """The one ICE and DTLS transport under all sections, from wherever the offer says its parameters.

    They stand in the first section of the BUNDLE group, even if it is one we refuse; other sections repeat them or,
    when they are bundle-only, leave them out (RFC 9143 section 7.1); the session may speak for all.
    """

    def __init__(self, description: Description, taken: list[MediaSection]) -> None:
        """`taken` are those of the description's sections that will be recorded. Raises MalformedSdp, UnacceptableOffer."""
        self.group = _bundle(description, taken)
        tagged = [section for section in description.media if self.group and mid_of(section) == self.group[0]]
        self._places: list[Section] = [*tagged, *taken, description.session]
        self.setup = self._setup()
        self.ice = read_credentials(self._first("ice-ufrag"), self._first("ice-pwd"))
        self.fingerprints = self._fingerprints()
        self.candidates = self._candidates()

    def _first(self, name: str) -> str:
        for place in self._places:
            if value := place.attribute(name):
                return value
        raise MalformedSdp(f"The offer has no a={name}.")

    def _setup(self) -> str:
        setup = self._first("setup")
        if setup not in {"actpass", "active", "passive"}:
            raise MalformedSdp("a=setup is none of actpass, active and passive.")
        return setup

    def _fingerprints(self) -> list[str]:
        self._first("fingerprint")
        for place in self._places:
            if known := [value for value in place.attributes("fingerprint") if _FINGERPRINT.fullmatch(value)]:
                return known
        raise UnacceptableOffer("The certificate's fingerprint must be given as SHA-256, SHA-384 or SHA-512.")

    def _candidates(self) -> list[str]:
        values = dict.fromkeys(value for place in self._places for value in place.attributes("candidate"))
        usable = dict.fromkeys(filter(None, map(read_ice_candidate, values)))
        return list(usable)[:MAX_ICE_CANDIDATES]


def _bundle(description: Description, taken: list[MediaSection]) -> list[str]:
    """The mids of the group that all taken sections are in; an empty list for a single section outside of any."""
    mids = [mid_of(section) for section in taken]
    groups = [group.split()[1:] for group in description.session.attributes("group") if group.startswith("BUNDLE")]
    for group in groups:
        if all(mid in group for mid in mids):
            return group
    if len(taken) > 1:
        raise UnacceptableOffer(
            "Sound and picture must share one connection (BUNDLE, as with bundlePolicy max-bundle)."
        )
    return []


def mid_of(section: MediaSection) -> str | None:
    """The section's name (RFC 9143), None without one. Raises :class:`MalformedSdp`."""
    mid = section.attribute("mid")
    if mid is not None and _MID.fullmatch(mid) is None:
        raise MalformedSdp("An a=mid is not a short token.")
    return mid

"""Browsers in words, from what they say of themselves."""

import re
from typing import Final

_BROWSERS: Final = (
    ("Edge", re.compile(r"\bEdgA?/|\bEdgiOS/")),
    ("Opera", re.compile(r"\bOPR/")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/")),
    ("Firefox", re.compile(r"\bFirefox/|\bFxiOS/")),
    ("Chrome", re.compile(r"\bChrome/|\bCriOS/|\bHeadlessChrome/")),
    ("Safari", re.compile(r"\bVersion/[\d.]+ .*\bSafari/")),
)
"The first that fits: most call themselves Chrome and Safari as well."

_SYSTEMS: Final = (
    ("iPhone", re.compile(r"\biPhone\b")),
    ("iPad", re.compile(r"\biPad\b")),
    ("Android", re.compile(r"\bAndroid\b")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("Windows", re.compile(r"\bWindows\b")),
    ("macOS", re.compile(r"\bMac OS X\b|\bMacintosh\b")),
    ("Linux", re.compile(r"\bLinux\b|\bX11\b")),
)
"The first that fits: Android calls itself Linux as well, an iPad a Mac OS X."


def in_words(user_agent: str) -> str:
    """`Firefox on Linux`, as far as the header tells; otherwise `A browser` or `Another program`."""
    browser = _first(_BROWSERS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    if browser is None and system is None:
        return "Another program" if user_agent else "A browser"
    return f"{browser or 'A browser'} on {system}" if system else str(browser)


def _first(patterns: tuple[tuple[str, re.Pattern[str]], ...], user_agent: str) -> str | None:
    return next((name for name, pattern in patterns if pattern.search(user_agent)), None)

"""Browsers in words, from what they say of themselves."""

import re
from typing import Final

MOST_TOLD: Final = 60
"Of what a program that we do not know calls itself."

_BROWSERS: Final = (
    ("Edge", re.compile(r"\bEdg(?:A|iOS)?/(\d+)")),
    ("Opera", re.compile(r"\bOPR/(\d+)")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/(\d+)")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/(\d+)")),
    ("Chrome", re.compile(r"\b(?:Headless)?(?:Chrome|CriOS)/(\d+)")),
    ("Safari", re.compile(r"\bVersion/(\d+)[.\d]* .*\bSafari/")),
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
    browser, system = _browser(user_agent), _system(user_agent)
    if browser is None and system is None:
        return "Another program" if user_agent else "A browser"
    name = "A browser" if browser is None else browser[0]
    return f"{name} on {system}" if system else name


def with_version(user_agent: str) -> str:
    """`Chrome 140, Windows`; what is not known by name is given as it is."""
    browser, system = _browser(user_agent), _system(user_agent)
    if browser is None:
        return user_agent[:MOST_TOLD]
    told = f"{browser[0]} {browser[1]}"
    return told if system is None else f"{told}, {system}"


def device(user_agent: str) -> str:
    """`phone` or `computer`; tablets that call themselves computers are computers."""
    return "phone" if "Mobi" in user_agent or "Android" in user_agent else "computer"


def _browser(user_agent: str) -> tuple[str, str] | None:
    found = ((name, pattern.search(user_agent)) for name, pattern in _BROWSERS)
    return next(((name, match[1]) for name, match in found if match is not None), None)


def _system(user_agent: str) -> str | None:
    return next((name for name, pattern in _SYSTEMS if pattern.search(user_agent)), None)

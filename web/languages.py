"""The languages that candidates are spoken to in: one catalogue each (web/texts), and which one somebody reads."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

DEFAULT = "en"
LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch"}
"Each with its own name for itself."

MAX_HEADER = 500
"No browser lists more; what is longer is cut off before it is read."

_TEXTS = Path(__file__).parent / "texts"


@cache
def catalogue(language: str) -> dict[str, Any]:
    """Every sentence of a language; `language` is one of LANGUAGES."""
    sentences: dict[str, Any] = json.loads((_TEXTS / f"{language}.json").read_text(encoding="utf-8"))
    return sentences


def best_language(accepted: str, *chosen: str | None) -> str:
    """The language to speak: the first of `chosen` that we have, else the best of an Accept-Language header (RFC 9110, 12.5.4)."""
    for language in chosen:
        if language is not None and language in LANGUAGES:
            return language
    wishes = [_wish(one) for one in accepted[:MAX_HEADER].split(",")]
    for tag, weight in sorted(wishes, key=lambda wish: -wish[1]):
        language = tag.partition("-")[0]
        if weight > 0 and language in LANGUAGES:
            return language
    return DEFAULT


def _wish(text: str) -> tuple[str, float]:
    """`de-AT;q=0.8` as tag and weight; what cannot be read weighs nothing."""
    tag, _, parameter = text.partition(";")
    name, _, value = parameter.partition("=")
    if not parameter.strip():
        return tag.strip().lower(), 1.0
    try:
        weight = float(value) if name.strip().lower() == "q" else 0.0
    except ValueError:
        weight = 0.0
    return tag.strip().lower(), weight if 0 <= weight <= 1 else 0.0

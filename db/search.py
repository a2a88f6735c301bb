"""What people type into a search field, and what it is compared with: without case, accents or needless space. Pure."""

import unicodedata


def search_key(*texts: str | None) -> str:
    """The form that is stored and searched: `Zoë Müller` and `zoe muller` have the same."""
    joined = " ".join(" ".join(text.split()) for text in texts if text)
    decomposed = unicodedata.normalize("NFKD", joined.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))

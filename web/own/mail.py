"""The mails: a candidate's code in their language, and what the owners of a job are told. Pure."""

from dataclasses import dataclass
from datetime import datetime

from web.languages import catalogue
from web.own.receipt import written


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail without its address."""

    subject: str
    "One line."
    text: str
    "Plain text."


def code_letter(code: str, language: str) -> Letter:
    """The code, how long it is good, and what to do when one did not ask for it. No link: whoever asked has the page open."""
    words = catalogue(language)["own"]["mail"]
    return Letter(words["subject"].format(code=code), words["text"].format(code=code))


def request_letter(job: str, link: str, due_at: datetime) -> Letter:
    """To the owners: no name of the candidate's, since mail is kept in many places; the link leads to it."""
    text = (
        f"A candidate for “{job}” asks that their interview be deleted.\n\n"
        f"{link}\n\n"
        f"You can delete it there now. Otherwise Holdfast deletes it by itself on {written(due_at)}, unless the "
        "interview is on legal hold.\n"
    )
    return Letter("A candidate asks for deletion", text)

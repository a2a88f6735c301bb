"""Two catalogues that say the same, the one that a reader wants, and nothing said to candidates outside of them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st

from tests.web.conftest import Site
from web.languages import DEFAULT, LANGUAGES, best_language, catalogue

WEB = Path(__file__).parents[2] / "web"
CANDIDATES_TEMPLATES = [WEB / "templates" / "check.html", *(WEB / "templates").glob("candidate*.html")]
CANDIDATES_TEMPLATES += (WEB / "templates" / "candidate").glob("*.html")
FOR_OPERATORS = "console_lines.js"
"Its lines are for the browser's console, word for word as the request has them; no candidate reads them."
CANDIDATES_SCRIPTS = [
    script
    for folder in ("candidate", "check")
    for script in (WEB / "static" / folder).glob("*.js")
    if script.name != FOR_OPERATORS
]

SPOKEN_ATTRIBUTES = re.compile(r'\b(?:aria-label|aria-description|alt|title|placeholder|content)="([^"]*)"')
TEXT_IN_SCRIPT = re.compile(
    r"""(?P<before>[^\n]*?)(?P<quote>["'`])(?P<text>[A-ZÄÖÜ][a-zäöü]+[ ,]+[A-Za-zÄÖÜäöü][^"'`\n]*)(?P=quote)"""
)


def sentences(node: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every sentence with its path."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from sentences(value, f"{path}.{key}" if path else key)
    else:
        assert isinstance(node, str), f"{path} is no sentence"
        yield path, node


def placeholders(catalogue: dict[str, Any]) -> dict[str, list[str]]:
    return {path: sorted(re.findall(r"\{\w+\}", text)) for path, text in sentences(catalogue)}


def test_every_language_has_a_file_and_every_file_is_a_language() -> None:
    assert {path.stem for path in (WEB / "texts").glob("*.json")} == set(LANGUAGES)
    assert {language: catalogue(language)["language"] for language in LANGUAGES} == {tag: tag for tag in LANGUAGES}


@pytest.mark.parametrize("language", [tag for tag in LANGUAGES if tag != DEFAULT])
def test_every_catalogue_has_the_same_sentences_with_the_same_gaps(language: str) -> None:
    assert placeholders(catalogue(language)) == placeholders(catalogue(DEFAULT))


@pytest.mark.parametrize("language", [tag for tag in LANGUAGES if tag != DEFAULT])
def test_sentences_are_translated(language: str) -> None:
    """Whole sentences, that is: single words may be the same in both."""
    english = dict(sentences(catalogue(DEFAULT)))
    same = [path for path, text in sentences(catalogue(language)) if text == english[path] and text.count(" ") > 1]
    assert same == []


@pytest.mark.parametrize("template", CANDIDATES_TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_words_of_their_own(template: Path) -> None:
    html = re.sub(
        r"\{% block main_class %\}.*?\{% endblock %\}|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->",
        "",
        template.read_text(),
        flags=re.DOTALL,
    )
    spoken = [text for text in SPOKEN_ATTRIBUTES.findall(html) if re.search(r"[^\W\d]", text)]
    text = re.sub(r"<[^>]*>", " ", html)
    assert (spoken, re.findall(r"[^\W\d_]+", text)) == ([], [])


@pytest.mark.parametrize("script", CANDIDATES_SCRIPTS, ids=lambda path: path.name)
def test_scripts_hold_no_sentences(script: Path) -> None:
    code = re.sub(r"/\*.*?\*/|(?m:^\s*//.*$)", "", script.read_text(), flags=re.DOTALL)
    said = [found["text"] for found in TEXT_IN_SCRIPT.finditer(code) if "Error(" not in found["before"]]
    assert said == [], "an Error's text is for developers, everything else comes from web/texts"


@pytest.mark.parametrize(
    ("accepted", "chosen", "language"),
    [
        ("", (), "en"),
        ("de", (), "de"),
        ("de-AT,de;q=0.9,en;q=0.8", (), "de"),
        ("fr-CH, fr;q=0.9, de;q=0.3, en;q=0.4", (), "en"),
        ("en;q=0.1, DE ; q=0.7", (), "de"),
        ("de;q=0, *", (), "en"),
        ("de;q=much", (), "en"),
        ("de;level=1", (), "en"),
        ("en", ("de",), "de"),
        ("de", (None, "tlh"), "de"),
        ("en", ("xx", "de"), "de"),
    ],
)
def test_which_language(accepted: str, chosen: tuple[str | None, ...], language: str) -> None:
    assert best_language(accepted, *chosen) == language


@given(st.text(max_size=600))
def test_any_header_has_an_answer(accepted: str) -> None:
    assert best_language(accepted) in LANGUAGES


async def test_a_page_speaks_the_browsers_language(site: Site, http: ClientSession) -> None:
    for path in ("/check", "/i/"):
        async with http.get(path, headers={"Accept-Language": "de-CH,de;q=0.9"}) as response:
            page = await response.text()
            assert '<html lang="de">' in page
            assert response.headers["Vary"] == "Accept-Language, Cookie"
    async with http.get("/i/AAAA.BBBB", headers={"Accept-Language": "de"}) as response:
        assert "Dieser Link öffnet kein Interview" in await response.text()


async def test_the_switch_is_remembered(site: Site, http: ClientSession) -> None:
    async with http.get("/check?lang=de") as response:
        assert response.cookies["holdfast_language"].value == "de"
        assert '<a href="?lang=en" lang="en"' in await response.text()
    async with http.get("/i/", headers={"Accept-Language": "en"}) as response:
        assert '<html lang="de">' in await response.text()
    async with http.get("/check?lang=tlh") as response:
        assert "holdfast_language" not in response.cookies

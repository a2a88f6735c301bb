"""What is searched for, and what it finds."""

import pytest

from db.search import search_key


@pytest.mark.parametrize(
    ("texts", "key"),
    [
        (("Zoë  Müller", None), "zoe muller"),
        (("ŁUKASZ", "L@example.org"), "łukasz l@example.org"),
        (("Straße",), "strasse"),
        (("Ångström",), "angstrom"),
        (("ﬁne",), "fine"),
        ((" \t", ""), ""),
        (("李雷",), "李雷"),
    ],
)
def test_case_accents_and_needless_space_do_not_count(texts: tuple[str | None, ...], key: str) -> None:
    assert search_key(*texts) == key


def test_a_key_is_its_own_key() -> None:
    assert search_key(search_key("Zoë MÜLLER")) == search_key("zoe muller")

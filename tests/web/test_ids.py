"""Ids in paths: what no row can be called is not there."""

import pytest
from aiohttp.test_utils import make_mocked_request

from db.errors import NotFound
from web.ids import row_id


@pytest.mark.parametrize("text", ["", "one", "-1", "1.0", "\u0661", "9" * 30, " 1"])
def test_it_is_a_number(text: str) -> None:
    with pytest.raises(NotFound):
        row_id(make_mocked_request("GET", "/", match_info={"token_id": text}), "token_id")


def test_which_it_is() -> None:
    assert row_id(make_mocked_request("GET", "/", match_info={"token_id": "42"}), "token_id") == 42

"""A small budget of mutated input for each reader; `python -m bench.fuzz` has the large one."""

import contextlib
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.fuzz import Target, findings, mutated, targets

CASES = 150


@pytest.fixture(scope="module")
def known() -> dict[str, Target]:
    return targets()


@pytest.mark.parametrize("name", list(targets()))
def test_only_documented_errors_come(known: dict[str, Target], name: str) -> None:
    assert not list(findings(name, known[name], CASES, seed=7))


def test_the_same_seed_makes_the_same_cases() -> None:
    seed = b"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n"
    assert [mutated(seed, Random(5)) for _ in range(3)] == [mutated(seed, Random(5)) for _ in range(3)]
    assert len({mutated(seed, Random(number)) for number in range(50)}) > 40


def test_an_undocumented_error_is_found() -> None:
    def breaks(data: bytes, _: object) -> None:
        raise KeyError(data)

    assert len(list(findings("a broken one", Target((b"x",), breaks, (ValueError,)), 3, seed=1))) == 3


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.sampled_from(sorted(targets())), st.binary(max_size=400), st.randoms(use_true_random=False))
def test_what_never_was_a_good_example_is_read_as_well(name: str, data: bytes, rng: Random) -> None:
    target = ALL[name]
    with contextlib.suppress(*target.documented):
        target.attempt(data, rng)


ALL = targets()

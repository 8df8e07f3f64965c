"""Quantiles of Student's t against their closed forms, printed tables and a million draws."""

import numpy as np
import pytest

from rnnviz.analysis.student import student

CLOSED = {
    1: lambda p: np.tan(np.pi * p / 2),
    2: lambda p: p * np.sqrt(2 / (1 - p**2)),
    4: lambda p: 2 * np.sqrt(np.cos(np.arccos(np.sqrt(1 - p**2)) / 3) / np.sqrt(1 - p**2) - 1),
}


@pytest.mark.parametrize("within", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("freedom", CLOSED)
def test_it_is_the_closed_form_where_there_is_one(freedom, within):
    assert student(freedom, within) == pytest.approx(CLOSED[freedom](within), rel=1e-12)


@pytest.mark.parametrize(
    ("freedom", "expected"),
    [(3, 3.182446), (5, 2.570582), (7, 2.364624), (10, 2.228139), (30, 2.042272),
     (60, 2.000298), (1000, 1.962339), (100_000, 1.959988)],
)  # fmt: skip
def test_it_is_what_tables_print(freedom, expected):
    assert student(freedom) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("freedom", [3, 8])
def test_it_holds_as_many_draws_as_it_says(freedom):
    draws = np.random.default_rng(0).standard_t(freedom, 10**6)
    assert (np.abs(draws) < student(freedom)).mean() == pytest.approx(0.95, abs=1e-3)

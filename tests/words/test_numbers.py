import math

import numpy as np
import pytest

from rnnviz.words.numbers import number, percent, plain, scientific, steps, ten

SIZES = [
    sign * front * 10.0**power
    for power in range(-300, 301)
    for front in (1.0, 4.55, 9.949, 9.96, 9.996)
    for sign in (1, -1)
]


@pytest.mark.parametrize("digits", [1, 2, 3, 4])
def test_a_number_of_any_size_is_short_near_and_without_an_e(digits):
    for value in SIZES:
        text = number(value, digits)
        assert "e" not in text and len(text) <= digits + 10, (value, text)
        front, _, power = text.replace("−", "-").partition("×10")
        raised = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
        back = float(front) * 10.0 ** int(raised or 0)
        assert back == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits))


def test_the_edges_between_ways_to_write():
    written = {
        0.0: "0", 0.31: "0.31", 0.5: "0.5", 99.5: "100", 99.99: "100", 549.0: "549", 999.4: "999",
        999.6: "1.0×10³", 0.00994: "9.9×10⁻³", 0.00996: "0.01", -3e-8: "−3.0×10⁻⁸",
        math.inf: "∞", -math.inf: "−∞", math.nan: "not a number",
    }  # fmt: skip
    assert {value: number(value) for value in written} == written
    assert number(1234.5, 3) == "1.23×10³" and number(999.96, 4) == "1.000×10³"
    assert (steps(1), steps(0.76), steps(99.7)) == ("1 step", "0.76 steps", "100 steps")
    assert steps(1e9) == "1.0×10⁹ steps" and ten(-7.0) == "10⁻⁷"
    assert scientific(0.125, 1) == "1.3×10⁻¹" and plain(-0.0004) == "0.000"


def test_only_all_is_100_per_cent_and_only_nothing_0():
    shares = [0, 1e-300, 0.0009, 0.0949, 0.125, 0.994, 0.996, 0.999, 0.99999, 1, 1.5]
    assert [percent(share) for share in shares] == [
        "0 %", "< 0.1 %", "0.1 %", "9.5 %", "13 %", "99 %", "99.6 %", "99.9 %", "> 99.9 %",
        "100 %", "150 %",
    ]  # fmt: skip
    assert percent(math.nan) == "NaN"


def test_numbers_of_arrays_are_written_as_any():
    single = np.float32(0.25)
    written = [write(single) for write in (number, plain, percent, steps)]
    assert written == ["0.25", "0.250", "25 %", "0.25 steps"]
    assert scientific(np.float32(4.0), 1) == "4.0×10⁰"

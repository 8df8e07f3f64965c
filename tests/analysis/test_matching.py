import numpy as np
import pytest

from rnnviz.analysis import find_matches, share_on, units_on
from rnnviz.errors import TraceError


def planted(random, places, units=(2, 5, 7), length=4):
    """Quiet noise in which some units are on in a few stretches."""
    values = random.uniform(-0.2, 0.2, (40, 6, 10))
    for sample, start in places:
        values[start : start + length, sample, list(units)] = 0.8
    return values


@pytest.fixture
def random():
    return np.random.default_rng(1)


def test_units_on_throughout_are_found_the_strongest_first_with_their_side():
    values = np.zeros((8, 4))
    values[2:6, 0], values[2:6, 1], values[2:5, 2] = 0.5, -0.9, 0.9
    found = units_on(values, 2, 6)
    assert list(found["unit"]) == [1, 0]
    assert list(found["side"]) == [-1, 1]
    assert list(found["mean"]) == pytest.approx([-0.9, 0.5])
    assert list(units_on(values, 2, 6, signed=False)["unit"]) == [0]
    assert list(units_on(values, 3, 4)["unit"]) == [1, 2, 0]


def test_a_unit_that_changes_its_side_is_not_on():
    values = np.array([[0.9], [-0.9], [0.9]])
    assert units_on(values, 0, 3).empty


def test_off_just_outside_leaves_out_units_that_are_on_for_longer():
    values = np.zeros((8, 2))
    values[2:6, 0] = values[1:6, 1] = 0.9
    assert list(units_on(values, 2, 6, outside=True)["unit"]) == [0]
    assert list(units_on(values, 1, 6, outside=True)["unit"]) == [1]
    values[:] = 0.9  # the edges of a sequence do not count as on
    assert list(units_on(values, 0, 8, outside=True)["unit"]) == [0, 1]


def test_a_planted_match_is_found_first(random):
    values = planted(random, [(4, 20), (1, 3)])
    on = units_on(values[:, 1], 3, 7)
    assert sorted(on["unit"]) == [2, 5, 7]
    found = find_matches(values, on, 4)
    assert list(zip(found["sample"], found["start"], strict=True)) == [(1, 3), (4, 20)]
    assert list(found["shared"]) == [3, 3] and list(found["overlap"]) == [1, 1]


def test_among_equals_the_one_with_the_fewest_other_units_comes_first(random):
    values = planted(random, [(0, 5), (3, 30)])
    values[5:9, 0, [0, 1]] = 0.9
    on = units_on(values[:, 3], 30, 34)
    found = find_matches(values, on, 4)
    assert list(found["sample"]) == [3, 0]
    assert list(found["extra"]) == [0, 2]
    assert found["overlap"][1] == pytest.approx(3 / 5)


def test_more_shared_units_go_before_fewer_others(random):
    values = planted(random, [(0, 5)])
    values[5:9, 0, [0, 1]] = 0.9
    values[10:14, 2, [2, 5]] = 0.9
    on = units_on(values[:, 0], 5, 9).query("unit in (2, 5, 7)")
    assert list(find_matches(values, on, 4)["sample"]) == [0, 2]


def test_matches_do_not_overlap_and_the_other_side_is_no_match(random):
    values = random.uniform(-0.2, 0.2, (40, 2, 3))
    values[:12, 0, 1], values[:12, 1, 1] = 0.9, -0.9
    found = find_matches(values, units_on(values[:, 0], 0, 4), 4)
    assert list(found["start"]) == [0, 4, 8] and set(found["sample"]) == {0}


def test_no_unit_no_match_and_what_does_not_fit_is_none(random):
    values = planted(random, [])
    assert find_matches(values, units_on(values[:, 0], 0, 4), 4).empty
    assert find_matches(values, units_on(values[:, 0], 0, 4, threshold=0), 41).empty


def test_the_share_of_units_that_are_on_at_each_step():
    values = np.zeros((3, 1, 2))
    values[1:, 0, 0] = values[1, 0, 1] = 0.9
    on = units_on(values[:, 0], 1, 2)
    assert share_on(values, on)[:, 0].tolist() == [0, 1, 0.5]


@pytest.mark.parametrize(("start", "stop"), [(3, 3), (-1, 2), (2, 9)])
def test_a_stretch_outside_the_sequence_is_refused(start, stop):
    with pytest.raises(TraceError, match="no stretch"):
        units_on(np.zeros((5, 2)), start, stop)

import numpy as np
import pytest

from rnnviz.analysis import mean_field
from rnnviz.errors import TraceError

TABLE = {
    # CHECKS.md: g -> largest Lyapunov exponent, mean exponent
    1.2: (0.0165, -0.5431),
    1.5: (0.0652, -0.7143),
    2.0: (0.1547, -1.1490),
    2.5: (0.2372, -1.6828),
    3.0: (0.3102, -2.2728),
    5.0: (0.5324, -4.9068),
    8.0: (0.7503, -9.2002),
}


@pytest.mark.parametrize("gain", TABLE)
def test_mean_field_is_the_published_table(gain):
    found = mean_field([gain]).iloc[0]
    largest, mean = TABLE[gain]
    assert found["largest"] == pytest.approx(largest, abs=6e-5)
    assert found["mean"] == pytest.approx(mean, abs=6e-5)


@pytest.mark.parametrize("gain", [0.1, 0.5, 1.0])
def test_without_activity_the_network_is_linear(gain):
    found = mean_field([gain]).iloc[0]
    assert found["variance"] == 0
    assert found["largest"] == pytest.approx(np.log(gain), abs=1e-12)
    assert found["mean"] == pytest.approx(np.log(gain) - 0.5, abs=1e-12)


def test_activity_begins_at_one_as_theory_expands_it():
    """tanh(x)² = x² - 2/3 x⁴: q = (g² - 1)/2 to first order; the exponent starts at 0."""
    excess = 1e-4
    found = mean_field([1 + excess]).iloc[0]
    assert found["variance"] == pytest.approx(excess, rel=1e-2)
    assert 0 < found["largest"] < excess


@pytest.mark.parametrize("gain", [0.0, -1.0, np.nan, np.inf])
def test_a_gain_without_meaning_is_refused(gain):
    with pytest.raises(TraceError, match="must be a number above 0"):
        mean_field([gain])

"""How many times as large is the value of each cell? Ratios to a reference, over the same seeds."""

import pandas as pd

from rnnviz.analysis.seeds import mean_interval

COLUMNS = ["name", "ratio", "low", "high", "seeds", "differs"]


def ratios(values: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Compare the columns of a table with one that was chosen before looking at them.

    All intervals together hold the true ratios in 95 % of studies (Bonferroni: each is one of
    1 - 0.05/m for m comparisons), so that among equal columns at most 5 % of studies claim any
    difference, whichever pair looks most apart.

    Parameters
    ----------
    values : DataFrame (seed, name)
        Positive and finite; a seed is the same data and counts where all columns have it.
    reference : str
        The column that the others are divided by.

    Returns
    -------
    DataFrame
        A row for every other column: `name`, `ratio` (geometric mean over seeds), `low`, `high`,
        `seeds`, and `differs`: whether the interval leaves 1 out.
    """
    table = values.dropna()
    others = [name for name in table.columns if name != reference]
    if len(table) < 2 or reference not in table.columns:
        return pd.DataFrame(columns=COLUMNS)
    within = 1 - 0.05 / max(1, len(others))
    rows = []
    for name in others:
        quotient = table[name] / table[reference]
        found = mean_interval(quotient, logarithmic=True, within=within)
        apart = not found.low <= 1 <= found.high
        rows.append((name, found.mean, found.low, found.high, found.seeds, apart))
    return pd.DataFrame(rows, columns=COLUMNS)

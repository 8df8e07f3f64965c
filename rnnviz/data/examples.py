"""What a task of own data reads until somebody brings their own: small shipped files."""

from functools import cache

from rnnviz.data.columns import read_columns
from rnnviz.data.labels import prepare_labels
from rnnviz.data.series import prepare_series
from rnnviz.data.sets import DataSet
from rnnviz.data.tables import read_table
from rnnviz.data.texts import prepare_text
from rnnviz.resources import asset

FILES = {
    # kind of data set: the shipped file
    "series": "series/seattle.csv",
    "labels": "names/places.csv",
    "text": "texts/alice.txt",
}


@cache
def example(kind: str) -> DataSet:
    """Return the shipped data set of a kind, read and prepared as a visitor's would be."""
    name = FILES[kind]
    data = asset(name).read_bytes()
    if kind == "text":
        return prepare_text(data, name=name)
    table = read_table(data)
    if kind == "labels":
        return prepare_labels(table, text="name", label="language", name=name)
    return prepare_series(
        table, read_columns(table), inputs=["temp_max", "temp_min", "wind"], targets=["temp_max"],
        time="date", name=name,
    )  # fmt: skip

"""The window to bring data of one's own: a file or pasted text, how it is read, what it holds."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import pandas as pd
import streamlit as st

from rnnviz.data.adding import first_choice, read, text_choice
from rnnviz.data.columns import Column
from rnnviz.data.decoding import ENCODINGS, MOST_BYTES
from rnnviz.data.examples import FILES
from rnnviz.data.labels import UNITS, prepare_labels
from rnnviz.data.series import EVERY, MISSING, MOST_INPUTS, MOST_TARGETS, prepare_series
from rnnviz.data.sets import DataSet
from rnnviz.data.tables import SEPARATORS, Table
from rnnviz.data.texts import prepare_text
from rnnviz.errors import DataError, RnnvizError
from rnnviz.resources import asset
from rnnviz.settings import Settings
from rnnviz.tasks import TASKS
from rnnviz.tasks.own import OwnData
from rnnviz.ui import session
from rnnviz.ui.component import figure
from rnnviz.words import N_, t

WHAT = {
    "series": N_("A table of numbers over time (CSV): a row a step, a column a quantity."),
    "labels": N_("A table of texts and their classes (CSV): a row a text."),
    "text": N_("A text for the network to read: a file, or pasted."),
}
SUFFIXES = {"series": ["csv", "tsv", "txt", "tab", "dat"], "labels": ["csv", "tsv", "txt", "tab"]}
PREVIEW = 4
HEIGHT = "15rem"
NAMES = {"number": N_("numbers"), "date": N_("dates"), "text": N_("text"), "empty": N_("nothing")}

FOUND = N_("found automatically")
READ, NEXT = "own_data_read", "own_data_next"
"""In the session: the file that was read last; the data set that was brought just now."""


def open_window(task: str) -> None:
    """Open the window to bring data for a task of own data."""
    # made here and not once: its title is in the visitor's language
    opened = st.dialog(t("Bring your own data"), width="large", icon=":material/upload_file:")
    opened(window)(task)


def window(task: str) -> None:
    """Draw the window: bring, look, choose, use."""
    kind = TASKS[task]
    assert issubclass(kind, OwnData)
    st.caption(
        t(
            "{what} It stays on this server, in your list alone; who has a link to "
            "a run of it can watch the run, and gets no file.",
            what=t(WHAT[kind.kind]),
        )
    )
    given = brought(kind.kind)
    if given is None:
        yours(kind.kind)
        return
    data, name = given
    try:
        made = prepared(kind.kind, data, name)
    except RnnvizError as error:
        st.error(str(error))
        return
    key = session.preview(made)
    for note in made.notes:
        st.caption(f":material/info: {plain(note)}")
    figure("data", None, Settings.for_task(task, data=key), height=HEIGHT)
    if st.button(t("Use this data"), type="primary", icon=":material/check:"):
        if session.attempt(lambda: session.store().data.keep(made, session.visitor())):
            st.session_state.pop(READ, None)
            st.session_state[NEXT] = key
            st.rerun()


def brought(kind: str) -> tuple[bytes, str] | None:
    """Draw where a file or text comes in; return what came, and its name."""
    left, right = st.columns(2)
    with left:
        file = st.file_uploader(
            t("A file"),
            type=SUFFIXES.get(kind, ["txt", "md", "text"]),
            max_upload_size=MOST_BYTES // 2**20,
            key=f"own_file_{kind}",
        )
        shown = st.button(t("Try an example"), key=f"own_example_{kind}")
    with right:
        text = st.text_area(
            t("Or paste it here, then press Ctrl+Enter"), key=f"own_paste_{kind}", height=150
        )
    if shown:
        st.session_state["own_example"] = kind
    if file is not None:
        return file.getvalue(), file.name
    if text:
        return text.encode("utf-8", errors="replace"), t("pasted")
    if st.session_state.get("own_example") == kind:
        return asset(FILES[kind]).read_bytes(), FILES[kind]
    return None


def yours(kind: str) -> None:
    """Draw the visitor's data sets of a kind, each with the button that takes it away."""
    me, store = session.owner(), session.store()
    for each in store.data.list(me, kind) if me else ():
        with st.container(horizontal=True, vertical_alignment="center"):
            when = f"{datetime.fromtimestamp(each.created, UTC):%d %b %Y}"
            st.markdown(f"{plain(each.title)}, {each.size / 1024:,.0f} kB, {when}", width="stretch")
            if st.button(t("Delete"), key=f"own_delete_{each.key}", icon=":material/delete:",
                         help=t("Runs that read it keep it")):  # fmt: skip
                session.attempt(partial(store.data.forget, each.key, me))
                st.rerun(scope="fragment")


def prepared(kind: str, data: bytes, name: str) -> DataSet:
    """Draw how the data are read and what of them is used; return the data set.

    Raises
    ------
    DataError
        If they cannot be read or used.
    """
    if kind == "text":
        with st.expander(t("How it is read")):
            encoding = encoding_choice()
        return prepare_text(data, encoding=encoding, name=name)
    with st.expander(t("How it is read")):
        left, middle, right = st.columns(3)
        with left:
            separator = st.selectbox(
                t("Between cells"), ["", *SEPARATORS], key="own_separator",
                format_func=lambda sign: t(SEPARATORS.get(sign, FOUND)),
            )  # fmt: skip
        with middle:
            encoding = encoding_choice()
        with right:
            heads = {"": t(FOUND), "yes": t("holds the names"), "no": t("is data")}
            head = st.selectbox(t("First row"), list(heads), key="own_head",
                                format_func=lambda key: heads[key])  # fmt: skip
        headed = None if not head else head == "yes"
        table, columns = once(data, separator, encoding, headed)
        st.caption(
            t(
                "Read as {encoding}, with a {separator} between cells; the first row {first}.",
                encoding=t(ENCODINGS.get(table.encoding, table.encoding)),
                separator=t(SEPARATORS.get(table.separator, NAMES["empty"])),
                first=heads["yes" if table.headed else "no"],
            )
        )
    preview(table, columns)
    return series_choice(table, columns, name) if kind == "series" else label_choice(table, name)


def encoding_choice() -> str:
    """Draw the encoding of a file; return its key."""
    return st.selectbox(t("Encoding"), list(ENCODINGS), key="own_encoding",
                        format_func=lambda key: t(ENCODINGS[key]))  # fmt: skip


def once(
    data: bytes, separator: str, encoding: str, headed: bool | None
) -> tuple[Table, list[Column]]:
    """Return a file's table and columns; the last one read is not read again for every choice."""
    asked = (hashlib.sha256(data).digest(), separator, encoding, headed)
    kept = st.session_state.get(READ)
    if kept is None or kept[0] != asked:
        found = read(data, separator=separator, encoding=encoding, headed=headed)
        kept = st.session_state[READ] = (asked, found)
    result: tuple[Table, list[Column]] = kept[1]
    return result


def preview(table: Table, columns: Sequence[Column]) -> None:
    """Draw the first rows, each column under its name and what it holds."""
    heads = {_head(column): list(column.cells[:PREVIEW]) for column in columns}
    st.dataframe(pd.DataFrame(heads), hide_index=True, height=35 * (PREVIEW + 1) + 3)
    st.caption(t("{count:,} rows were read; these are the first.", count=len(table.lines)))


def _head(column: Column) -> str:
    """Return a column's name and what it holds."""
    holds = t(NAMES[column.kind])
    if column.form:
        holds = f"{holds} ({t(column.form)})"
    return f"{column.name} · {holds}"


def series_choice(table: Table, columns: Sequence[Column], name: str) -> DataSet:
    """Draw which columns go in and which are forecast; return the series."""
    numbers = [column.name for column in columns if column.kind == "number"]
    dates = [column.name for column in columns if column.kind == "date"]
    if not numbers:
        raise DataError(
            "There is no column of numbers here: choose another separator under “How it is read”, "
            "or another file."
        )
    inputs, targets, time = first_choice(columns)
    # other columns, other keys
    of = hashlib.sha256(repr((numbers, dates)).encode()).hexdigest()[:8]
    left, right = st.columns(2)
    with left:
        goes_in = st.multiselect(t("What goes in"), numbers, inputs, key=f"own_in_{of}",
                                 max_selections=MOST_INPUTS)  # fmt: skip
    with right:
        asked = st.multiselect(t("What is forecast"), numbers, targets, key=f"own_out_{of}",
                               max_selections=MOST_TARGETS)  # fmt: skip
    one, two, three, four = st.columns(4)
    with one:
        when = st.selectbox(t("Dates"), ["", *dates], index=1 if time else 0, key=f"own_time_{of}",
                            format_func=lambda key: key or t("none: row by row"))  # fmt: skip
    with two:
        every = ""
        if when:
            every = st.selectbox(t("One row a"), list(EVERY), key=f"own_every_{of}",
                                 format_func=lambda key: t(EVERY[key][0]))  # fmt: skip
    with three:
        missing = st.selectbox(t("Missing values"), list(MISSING), key=f"own_missing_{of}",
                               format_func=lambda key: t(MISSING[key]))  # fmt: skip
    with four:
        paths = {"": t("the one value ahead"), "yes": t("all up to it")}
        path = st.selectbox(t("Foretell"), list(paths), key=f"own_path_{of}",
                            format_func=lambda key: paths[key])  # fmt: skip
    return prepare_series(
        table, columns, inputs=goes_in, targets=asked, time=when, every=every, missing=missing,
        path=bool(path), name=name,
    )  # fmt: skip


def label_choice(table: Table, name: str) -> DataSet:
    """Draw which column holds the texts and which the labels; return the texts with labels."""
    if len(table.names) < 2:
        raise DataError(
            "There is only one column here: choose another separator under “How it is read”, or "
            "give a column of texts and one of labels."
        )
    text, label = text_choice(table)
    of = hashlib.sha256(repr(table.names).encode()).hexdigest()[:8]
    left, middle, right = st.columns(3)
    with left:
        chosen = st.selectbox(t("Texts"), table.names, index=table.names.index(text),
                              key=f"own_text_{of}")  # fmt: skip
    with middle:
        tag = st.selectbox(t("Labels"), table.names, index=table.names.index(label),
                           key=f"own_label_{of}")  # fmt: skip
    with right:
        unit = st.selectbox(t("Read by"), list(UNITS), key=f"own_unit_{of}",
                            format_func=lambda key: t(UNITS[key]))  # fmt: skip
    return prepare_labels(table, text=chosen, label=tag, unit=unit, name=name)


def plain(text: str) -> str:
    """Return a sentence with a file's words in it so that Streamlit reads no markup in it."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()#+-.!|~$:<>" else sign for sign in text)

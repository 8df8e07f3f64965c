"""Runs as files: downloads of what is picked, and a run file that is opened."""

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from rnnviz.errors import RnnvizError
from rnnviz.files.tensorboard import event_files
from rnnviz.files.torch_script import model_file, why_no_script
from rnnviz.store.archive_writer import MOST_BYTES
from rnnviz.store.rows import Run
from rnnviz.ui import session
from rnnviz.words import t


def downloads(run: Run) -> None:
    """Draw what a run can be taken along as."""
    store, me = session.store(), session.owner()
    stem = f"rnnviz-{run.settings.task}-{run.settings.cell}"
    trained = bool(store.runs.checkpoint_steps(run.id))
    _download(
        t("Run"), lambda: store.files.write(run.id, visitor=me), f"{stem}-run.zip",
        t(
            "All of it, to look at elsewhere or to open here again: settings, metrics, note, and "
            "its kept checkpoints with the optimizer's state."
        ),
    )  # fmt: skip
    _download(
        t("Run, newest checkpoint alone"),
        lambda: store.files.write(run.id, newest=True, visitor=me),
        f"{stem}-run-newest.zip", t("The same in a small file, without the look back in training."),
        disabled=not trained,
    )  # fmt: skip
    why_not = str(why_no_script(run.settings))
    _download(
        t("Model"), lambda: model_file(store, run.id), f"{stem}.zip",
        str(why_not) or t(
            "Weights, settings, and the lines of Python that run them with torch alone; not "
            "before training."
        ),
        disabled=bool(why_not) or not trained,
    )  # fmt: skip
    logs([run.id], width="stretch")


def logs(ids: Sequence[str], width: Literal["content", "stretch"] = "content") -> None:
    """Draw the download of TensorBoard's event files."""
    store = session.store()
    _download(
        t("TensorBoard logs"), lambda: event_files(store, ids), "rnnviz-tensorboard.zip",
        t(
            "Event files, a folder for each run: unpack it, then `tensorboard --logdir` that "
            "folder."
        ),
        width=width,
    )  # fmt: skip


def open_file() -> None:
    """Draw the place for a run file, and open what is put there."""
    st.session_state.setdefault("run_files", 0)
    with st.popover(t("Open a run file"), icon=":material/folder_open:"):
        file = st.file_uploader(
            t("A run that was downloaded here or elsewhere"), "zip",
            key=f"run_file_{st.session_state['run_files']}", max_upload_size=MOST_BYTES // 2**20,
        )  # fmt: skip
        if file is None:
            return
        try:
            id = session.store().files.read(file.getvalue(), session.owner())
        except RnnvizError as error:
            st.error(str(error))
            return
    st.session_state["run_files"] += 1  # an empty place for the next one
    pick(id)


def pick(id: str) -> None:
    """Draw the page again with this run picked."""
    st.session_state["pick"] = id
    st.rerun()


def _download(
    words: str, make: object, name: str, about: str, *, disabled: bool = False,
    width: Literal["content", "stretch"] = "stretch",
) -> None:  # fmt: skip
    st.download_button(
        words, make, name, "application/zip", icon=":material/download:",  # type: ignore[arg-type]
        on_click="ignore", disabled=disabled, help=about, width=width,
    )  # fmt: skip

"""Serve app.py from within this process."""

from collections.abc import Mapping
from pathlib import Path

from click import Abort
from streamlit.web import cli


def run(path: Path, config: Mapping[str, object]) -> None:
    """Do what `streamlit run` does, until it is interrupted.

    Streamlit's `App.run` would do too, but reads its config after app.py, whose routes need it.

    Raises
    ------
    KeyboardInterrupt
        The server was interrupted, and has ended in order.
    """
    options = [f"--{name}={value}" for name, value in config.items()]
    try:
        cli.main(["run", *options, str(path)], standalone_mode=False)
    except Abort:
        raise KeyboardInterrupt from None

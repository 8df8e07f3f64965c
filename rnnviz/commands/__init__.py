"""The commands beside serving: train, look at figures, pack a lecture, without a screen.

One file a command: `add` describes it to argparse, `run` carries it out. What is heavy is imported
when it is needed, so that `--help` answers at once.
"""

import argparse

from rnnviz.commands import bundle, figure, runs, settings, train
from rnnviz.words import t


def add(parser: argparse.ArgumentParser) -> None:
    """Describe all commands to a parser."""
    commands = parser.add_subparsers(
        title=t("commands"), metavar="COMMAND", description=t("Without one, the app is served.")
    )
    for module in (train, settings, runs, figure, bundle):
        module.add(commands)

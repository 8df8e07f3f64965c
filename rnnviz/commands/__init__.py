"""The commands beside serving: train, look at figures, pack a lecture, without a screen.

One file a command: `add` describes it to argparse, `run` carries it out. What is heavy is imported
when it is needed, so that `--help` answers at once.
"""

import argparse

from rnnviz.commands import bundle, figure, runs, train


def add(parser: argparse.ArgumentParser) -> None:
    """Describe all commands to a parser."""
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", description="Without one, the app is served."
    )
    for module in (train, runs, figure, bundle):
        module.add(commands)

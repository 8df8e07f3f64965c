"""Refuse lines of more than 100 characters that a formatter leaves: comments, strings, addresses.

python tools/long_lines.py assets/figure.js ...
"""

import sys
from pathlib import Path

LONGEST = 100


def long_lines(path):
    """Return `path:line: length` of each line of a text file that is too long."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return [
        f"{path}:{number}: {len(line)} characters, at most {LONGEST}"
        for number, line in enumerate(lines, start=1)
        if len(line) > LONGEST
    ]


if __name__ == "__main__":
    sys.exit("\n".join(said for path in sys.argv[1:] for said in long_lines(path)) or None)

"""Where does a regular expression match? Asked of another process, which may be ended."""

import json
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Sequence

from rnnviz.errors import TraceError

LONGEST_PATTERN = 200
"""Characters of a pattern."""
MOST_TEXT = 2**16
"""Characters that are searched at once."""
SECONDS = 1.0
"""How long a search may take; most take a hundredth of that, and the process's start the rest."""
# Python cannot interrupt a search, and some patterns take longer than the universe has lasted:
# (a+)+$ on a line of thirty a. So the search runs in a process of its own, which the system ends.
SEARCH = """
import json, re, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29))
except (ImportError, ValueError, OSError):
    pass
pattern, texts = json.load(sys.stdin)
try:
    expression = re.compile(pattern)
    found = [[match.span() for match in expression.finditer(text)] for text in texts]
except Exception as error:
    found = str(error)[:200] or type(error).__name__
json.dump(found, sys.stdout)
"""

_kept: OrderedDict[tuple[str, tuple[str, ...]], list[list[bool]] | str] = OrderedDict()
_lock = threading.Lock()


def inside_matches(pattern: str, texts: Sequence[str]) -> list[list[bool]]:
    """Tell for each character of each text whether it is part of a match.

    Raises
    ------
    TraceError
        If the pattern is empty, too long, no regular expression of Python's, or takes too long.
    """
    if not pattern:
        raise TraceError("Type a regular expression, such as [0-9]+ or \\bthe\\b.")
    if len(pattern) > LONGEST_PATTERN:
        raise TraceError(
            f"The regular expression has {len(pattern)} characters: use up to {LONGEST_PATTERN}."
        )
    if sum(map(len, texts)) > MOST_TEXT:
        raise TraceError(f"More than {MOST_TEXT:,} characters cannot be searched at once.")
    key = (pattern, tuple(texts))
    with _lock:
        if key not in _kept:
            _kept[key] = _search(pattern, texts)
        _kept.move_to_end(key)
        while len(_kept) > 32:
            _kept.popitem(last=False)
        found = _kept[key]
    if isinstance(found, str):
        raise TraceError(found)
    return found


def _search(pattern: str, texts: Sequence[str]) -> list[list[bool]] | str:
    """Return where it matches, or the sentence why that cannot be told."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", SEARCH],
            input=json.dumps([pattern, list(texts)]).encode(),
            capture_output=True,
            timeout=SECONDS,
            check=True,
        )
        spans = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return (
            f"This regular expression takes longer than {SECONDS:g} second: avoid a repetition "
            "inside a repetition, such as (a+)+."
        )
    except (subprocess.CalledProcessError, ValueError):
        return "This regular expression needs too much memory: make it shorter."
    if isinstance(spans, str):
        return f"This is no regular expression of Python's ({spans}): correct it."
    inside = [[False] * len(text) for text in texts]
    for row, found in zip(inside, spans, strict=True):
        for start, stop in found:
            row[start:stop] = [True] * (stop - start)
    return inside

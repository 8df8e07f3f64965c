"""Where does a regular expression match? Asked of another process, which may be ended."""

import json
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Sequence

from rnnviz.errors import TraceError
from rnnviz.words import Words

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

_kept: OrderedDict[tuple[str, tuple[str, ...]], list[list[bool]] | Words] = OrderedDict()
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
            "The regular expression has {characters} characters: use up to {most}.",
            characters=len(pattern),
            most=LONGEST_PATTERN,
        )
    if sum(map(len, texts)) > MOST_TEXT:
        raise TraceError(
            "More than {most:,} characters cannot be searched at once.", most=MOST_TEXT
        )
    key = (pattern, tuple(texts))
    with _lock:
        if key not in _kept:
            _kept[key] = _search(pattern, texts)
        _kept.move_to_end(key)
        while len(_kept) > 32:
            _kept.popitem(last=False)
        found = _kept[key]
    if isinstance(found, Words):
        raise TraceError(found)
    return found


def _search(pattern: str, texts: Sequence[str]) -> list[list[bool]] | Words:
    """Return where it matches, or the words why that cannot be told."""
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
        return Words(
            "This regular expression takes longer than {seconds:g} second: avoid a repetition "
            "inside a repetition, such as (a+)+.",
            seconds=SECONDS,
        )
    except (subprocess.CalledProcessError, ValueError):
        return Words("This regular expression needs too much memory: make it shorter.")
    if isinstance(spans, str):
        return Words(
            "This is no regular expression of Python's ({reason}): correct it.", reason=spans
        )
    inside = [[False] * len(text) for text in texts]
    for row, found in zip(inside, spans, strict=True):
        for start, stop in found:
            row[start:stop] = [True] * (stop - start)
    return inside

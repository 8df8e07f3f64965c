"""Make alice.txt from the copy of the book in the Canterbury corpus (see README.md).

Usage: python prepare.py alice29.txt > alice.txt
"""

import re
import sys
from pathlib import Path

book = Path(sys.argv[1]).read_bytes().decode("ascii").replace("\x1a", "")
lines = [" ".join(line.split()) for line in book.splitlines()]
lines = lines[lines.index("CHAPTER I") :]
lines = [line for line in lines if not re.fullmatch(r"[* ]+", line)]
text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
sys.stdout.buffer.write(text.encode("utf-8") + b"\n")

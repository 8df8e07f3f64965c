"""Make assets/texts/analects.txt from the file of the project chinese-poetry.

Usage: python tools/analects.py lunyu.json > assets/texts/analects.txt
"""

import json
import sys
from pathlib import Path


def main():
    """Print a paragraph a line, with an empty line between chapters."""
    chapters = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    texts = ["\n".join("".join(p.split()) for p in each["paragraphs"]) for each in chapters]
    sys.stdout.buffer.write(("\n\n".join(texts) + "\n").encode())


if __name__ == "__main__":
    main()

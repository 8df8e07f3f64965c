"""Make assets/series/sunspots.csv from the file that statsmodels ships.

Usage: python tools/sunspots.py sunspots_monthly.dat > assets/series/sunspots.csv

The file is statsmodels/datasets/sunspots/src/sunspots_monthly.dat in the wheel on PyPI.
"""

import sys
from pathlib import Path


def main():
    """Print year, month and mean sunspot number of each month."""
    print("year,month,sunspots")
    for line in Path(sys.argv[1]).read_text(encoding="ascii").splitlines():
        words = line.split()
        if len(words) < 2 or not words[0].isdigit():
            continue
        for month, number in enumerate(words[1:13], 1):
            if float(number) >= 0:  # missing months are negative
                print(f"{words[0]},{month},{float(number):.1f}")


if __name__ == "__main__":
    main()

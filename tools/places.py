"""Make assets/names/places.csv from the names of countries and territories in CLDR.

Usage: python tools/places.py <folder with the unpacked wheel of Babel> > assets/names/places.csv
"""

import sys

LANGUAGES = {
    "cs": "Czech", "de": "German", "en": "English", "es": "Spanish", "fi": "Finnish",
    "fr": "French", "hu": "Hungarian", "it": "Italian", "pl": "Polish", "tr": "Turkish",
}  # fmt: skip


def main():
    """Print name and language; a name that two languages share is left out."""
    sys.path.insert(0, sys.argv[1])
    from babel import Locale

    found = {}
    for code, language in LANGUAGES.items():
        for territory, name in Locale.parse(code).territories.items():
            if territory.isalpha() and len(territory) == 2:
                found.setdefault(name, []).append(language)
    print("name,language")
    for language in LANGUAGES.values():
        for name in sorted(name for name, languages in found.items() if languages == [language]):
            print(f'"{name}",{language}' if "," in name else f"{name},{language}")


if __name__ == "__main__":
    main()

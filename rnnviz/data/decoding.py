"""From bytes to text: which encoding a file has, or why it is no text."""

import codecs
import re
import unicodedata

from rnnviz.errors import DataError
from rnnviz.words import N_, Words

MOST_BYTES = 16 * 2**20
"""Bytes of a file that are read."""
SAMPLE = 2**16
"""Bytes from which an encoding is told."""
ENCODINGS = {
    # key: what it is called
    "": N_("found automatically"),
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": N_("Western (Windows-1252)"),
    "cp1250": N_("Central European (Windows-1250)"),
    "cp1251": N_("Cyrillic (Windows-1251)"),
    "koi8_r": N_("Cyrillic (KOI8-R)"),
    "cp1253": N_("Greek (Windows-1253)"),
    "gb18030": N_("Chinese (GB18030)"),
    "big5": N_("Chinese (Big5)"),
    "shift_jis": N_("Japanese (Shift-JIS)"),
    "euc_kr": N_("Korean (EUC-KR)"),
}
_KNOWN = {
    b"PK\x03\x04": N_("a zip or Excel file: save the sheet as CSV and open that"),
    b"\xd0\xcf\x11\xe0": N_("an old Excel file: save the sheet as CSV and open that"),
    b"\x1f\x8b": N_("a gzip file: unpack it first"),
    b"%PDF": N_("a PDF file: copy its table into a text file"),
    b"\x89PNG": N_("a picture"),
    b"\xff\xd8\xff": N_("a picture"),
    b"SQLite format 3": N_("a database: export the table as CSV and open that"),
    b"\x7fELF": N_("a program"),
}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HIGH = re.compile(rb"[\x80-\xff]+")
_DIRECTIONS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u00ad"
"""Signs that change how text is shown, or are not shown at all."""


def decode(data: bytes, encoding: str = "") -> tuple[str, str]:
    """Return the text of a file, with plain line ends, and the key of its encoding.

    Parameters
    ----------
    encoding : str
        A key of `ENCODINGS`; "" finds it: by its byte order mark, then UTF-8 if it is valid, then
        UTF-16 by its zeros, and else by which bytes there are.

    Raises
    ------
    DataError
        If it is too large, no text, or not in that encoding.
    """
    if len(data) > MOST_BYTES:
        raise DataError(
            "This file has {size:.0f} MB: up to {most} MB are read, so keep fewer rows or columns.",
            size=len(data) / 2**20,
            most=MOST_BYTES // 2**20,
        )
    for start, what in _KNOWN.items():
        if data.startswith(start):
            raise DataError("This is {what}.", what=Words(what))
    if encoding and encoding not in ENCODINGS:
        raise DataError(
            "There is no encoding {encoding!r}: use one of {keys}.",
            encoding=encoding[:20],
            keys=_named(),
        )
    found = encoding or _encoding(data)
    try:
        text = data.decode("utf-8-sig" if found == "utf-8" else found)
    except UnicodeDecodeError as error:
        if not encoding and found == "cp1252":  # bytes that only Latin-1 has
            text, found = data.decode("latin-1"), "cp1252"
        else:
            line = data[: error.start].count(b"\n") + 1
            raise DataError(
                "Line {line:,} is not {encoding} (byte {byte:,}): "
                "choose another encoding, or save the file as UTF-8.",
                line=line,
                encoding=Words(ENCODINGS.get(found, "UTF-16")),
                byte=error.start,
            ) from None
    nul = text.find("\x00")
    if nul >= 0:
        line = text.count("\n", 0, nul) + 1
        raise DataError(
            "This is no text: line {line:,} has a NUL byte. Save it as text first.", line=line
        )
    text = text.removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n"), found[:6] if "16" in found else found


def clean(text: str) -> str:
    """Return text in composed form (NFC), without signs that are not shown; tabs become spaces."""
    text = unicodedata.normalize("NFC", text).replace("\t", " ")
    odd = {
        sign
        for sign in set(text)
        if sign != "\n" and (unicodedata.category(sign) in ("Cc", "Cs", "Co", "Cn"))
    }
    return text.translate(dict.fromkeys(map(ord, odd | set(_DIRECTIONS))))


def _encoding(data: bytes) -> str:
    """Return the encoding that the bytes look like."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    head = data[:SAMPLE]
    if b"\x00" in head:
        zeros = [head[first::2].count(0) / max(1, len(head[first::2])) for first in (0, 1)]
        if max(zeros) > 0.3 and min(zeros) < 0.05:
            return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
        line = data[: data.index(0)].count(b"\n") + 1
        raise DataError(
            "This is no text: line {line:,} has a NUL byte. Save it as text first.", line=line
        )
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        pass
    control = sum(head.count(bytes([sign])) for sign in range(32) if sign not in (9, 10, 12, 13))
    if control > len(head) / 100:
        raise DataError("This is no text but a binary file: save it as text first.")
    runs = _HIGH.findall(head)
    if sum(len(run) == 1 for run in runs) > len(runs) / 2:
        return "cp1252"  # single letters with accents between plain ones
    return "gb18030" if _common_chinese(runs) else _guess(head)


def _common_chinese(runs: list[bytes]) -> bool:
    """Tell whether pairs of bytes are the commonest characters of GB2312, or its punctuation."""
    pairs = [run[at : at + 2] for run in runs for at in range(0, len(run) - 1, 2)]
    common = sum(0xB0 <= pair[0] <= 0xD7 or pair[0] in (0xA1, 0xA3) for pair in pairs)
    return common >= 0.7 * len(pairs) and all(pair[1] >= 0x40 for pair in pairs)


def _guess(head: bytes) -> str:
    """Let charset-normalizer choose among the encodings with letters of other scripts."""
    from charset_normalizer import from_bytes

    others = [key for key in ENCODINGS if key and not key.startswith("utf")]
    cut = head[: head.rfind(b"\n") + 1] or head
    best = from_bytes(cut, cp_isolation=others).best()
    return best.encoding if best is not None and best.encoding in ENCODINGS else "cp1252"


def _named() -> str:
    return ", ".join(key for key in ENCODINGS if key)

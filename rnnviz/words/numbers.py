"""Numbers for people, of any size, as `assets/numbers.js` writes them on screen: 0.31, 3.2×10⁻⁷."""

import math
from decimal import ROUND_HALF_UP, Decimal

from rnnviz.words.say import t, tn

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SMALLEST, LARGEST = -2, 2
"""Powers of ten from and up to which a number is written without one."""

MANY = 10
"""A share from which on per cent are written as any number."""


def number(value: float, digits: int = 2) -> str:
    """Write a number with so many digits, or as a whole one, or with a power of ten.

    Ties are rounded up, as JavaScript does.
    """
    if not math.isfinite(value):
        return _strange(value, t("not a number"))
    if value == 0:
        return "0"
    size = Decimal(float(abs(value)))
    few, power = _rounded(size, digits)
    if power < SMALLEST or _rounded(size, max(digits, LARGEST + 1))[1] > LARGEST:
        return scientific(value, digits - 1)
    if power >= digits:
        few = size.quantize(Decimal(1), ROUND_HALF_UP)
    text = f"{few:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return _signed(value, text)


def scientific(value: float, digits: int) -> str:
    """Write a number with so many decimals and a power of ten."""
    if not math.isfinite(value):
        return _strange(value)
    if value == 0:
        return "0"
    few, power = _rounded(Decimal(float(abs(value))), digits + 1)
    return _signed(value, f"{few.scaleb(-power):.{digits}f}×{ten(power)}")


def plain(value: float) -> str:
    """Write three decimals, with a true minus, and none before a zero."""
    if not math.isfinite(value):
        return _strange(value)
    size = Decimal(float(abs(value)))
    if size >= Decimal("9999.5"):
        return scientific(value, 3)
    if size < 10:
        text = f"{size.quantize(Decimal('0.001'), ROUND_HALF_UP):f}"
    else:
        text = f"{_rounded(size, 4)[0]:f}"
    return _signed(value, text) if float(text) else text


def percent(share: float) -> str:
    """Write a share of 1; only all is 100 %, and only nothing 0 %."""
    if math.isnan(share):
        return "NaN"
    if share >= MANY:
        return f"{number(100 * share)} %"
    hundredths = Decimal(100 * float(share))
    if 0 < hundredths < Decimal("0.05"):
        return "< 0.1 %"
    if Decimal("99.95") <= hundredths < 100:
        return "> 99.9 %"
    inside = Decimal("9.95") <= hundredths < Decimal("99.5") or hundredths in (0, 100)
    step = Decimal(1) if inside or hundredths > 100 else Decimal("0.1")
    return f"{hundredths.quantize(step, ROUND_HALF_UP):f} %"


def steps(count: float) -> str:
    """Write a number of time steps."""
    shown = number(count)
    whole = count == 1 or (shown.isdigit() and int(shown) == 1)
    return tn("{number} step", "{number} steps", 1 if whole else 2, number=shown)


def ten(power: float) -> str:
    """Write a power of ten: 10⁻⁷."""
    return f"10{raised(int(power))}"


def raised(number: int) -> str:
    """Write a whole number as an exponent: ⁻⁷."""
    return str(number).translate(RAISED)


def _rounded(size: Decimal, digits: int) -> tuple[Decimal, int]:
    """Round to so many digits; return also the power of ten of the first one."""
    few = size.quantize(Decimal(1).scaleb(size.adjusted() - digits + 1), ROUND_HALF_UP)
    if few.adjusted() > size.adjusted():  # 9.96 is 10
        few = few.quantize(Decimal(1).scaleb(few.adjusted() - digits + 1), ROUND_HALF_UP)
    return few, few.adjusted()


def _signed(value: float, text: str) -> str:
    return f"−{text}" if value < 0 else text


def _strange(value: float, none: str = "NaN") -> str:
    return none if math.isnan(value) else "∞" if value > 0 else "−∞"

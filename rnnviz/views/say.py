"""What many pictures say: which sample, how many of them, which step, several things in a row."""

from collections.abc import Sequence

from rnnviz.words import t, tn


def one_sample(sample: int) -> str:
    """Name a sample; for people they count from 1."""
    return t("sample {number}", number=sample + 1)


def samples(count: int) -> str:
    """Say how many samples."""
    return tn("{count:,} sample", "{count:,} samples", count)


def one_step(step: int) -> str:
    """Name a training step."""
    return t("step {step:,}", step=step)


def your_change(changed: bool) -> str:
    """Say whether the visitor changed something; nothing if not."""
    return t("with your change") if changed else ""


def together(*parts: str) -> str:
    """Put the parts of a note beside each other; empty ones are left out."""
    return ", ".join(filter(None, parts))


def listed(parts: Sequence[str]) -> str:
    """Write a list as people do: a, b and c."""
    if len(parts) < 2:
        return "".join(parts)
    return t("{others} and {last}", others=", ".join(parts[:-1]), last=parts[-1])

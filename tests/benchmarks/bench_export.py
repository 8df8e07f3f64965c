"""How long exports take: PNG, SVG and PDF after the first, and twenty at once."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from rnnviz import export
from rnnviz.export import redraw
from rnnviz.settings import Settings

SINGLE, TWENTY = 1.0, 20.0
VIEWS = ("gates", "gradients", "signals", "distribution")


def main() -> int:
    """Print each figure beside its bar; return 1 where one is missed."""
    figures = {view: redraw(view, Settings(hidden=64, length=100)) for view in VIEWS}
    began = time.perf_counter()
    export.render(figures["gates"], "png")
    print(f"the first, with the browser's start   {time.perf_counter() - began:6.2f} s")
    missed = False
    for format in ("png", "svg", "pdf", "pptx", "html", "tex", "csv"):
        slowest = 0.0
        for figure in figures.values():
            began = time.perf_counter()
            export.render(figure, format)
            slowest = max(slowest, time.perf_counter() - began)
        bar = f"(bar {SINGLE:g} s)" if format in ("png", "svg", "pdf") else ""
        missed |= bool(bar) and slowest > SINGLE
        print(f"{format:5} slowest of {len(figures)} kinds             {slowest:6.2f} s {bar}")
    began = time.perf_counter()
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda place: export.render(figures[VIEWS[place % 4]], "png"), range(20)))
    spent = time.perf_counter() - began
    print(f"twenty PNG asked for at once          {spent:6.2f} s (bar {TWENTY:g} s)")
    return int(missed or spent > TWENTY)


if __name__ == "__main__":
    sys.exit(main())

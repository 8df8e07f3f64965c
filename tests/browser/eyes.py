"""What every page is looked at for: it fits the screen, and everybody can read it."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from rnnviz.plots.style import theme

SCHEMES = ("light", "dark")
LARGE, PROJECTOR = (1440, 900), (1280, 720)
FITS = """() => {
  const main = document.querySelector("[data-testid=stMain]");
  return main.scrollHeight - main.clientHeight <= 1 && main.scrollWidth - main.clientWidth <= 1;
}"""
FAULTS = {"resultTypes": ["violations"]}
"""What is right need not be listed: axe takes half the time."""
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
"""All that the other scheme can break: `put_on` changes no element."""
PAPER = """(paper) => [...document.querySelectorAll(".rnnviz-plot")]
  .filter((plot) => plot.checkVisibility())
  .every((plot) => plot._fullLayout?.paper_bgcolor.toLowerCase() === paper)"""


def fits(page: Page, *sizes: tuple[int, int]) -> None:
    """Nothing is to be scrolled, at any of these sizes of the window."""
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(FITS)


def still(page: Page) -> None:
    """Wait until no script of the page runs: a click on what it replaces would be lost."""
    expect(page.locator("[data-test-script-state=running]")).to_have_count(0)


def put_on(page: Page, scheme: str) -> None:
    """Change to light or dark, and wait until all figures have followed."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.wait_for_function(PAPER, arg=theme(scheme).paper.lower())


def accessible(page: Page, context: object = None) -> None:
    """Axe has nothing to say of the page in light, and nothing of its colours in dark."""
    for scheme in SCHEMES:
        put_on(page, scheme)
        options = FAULTS if scheme == SCHEMES[0] else FAULTS | COLOURS
        found = Axe().run(page, context=context, options=options)
        if found.violations_count:  # a colour may still be on its way to the other
            page.wait_for_timeout(1_000)
            found = Axe().run(page, context=context, options=options)
        assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"

"""An animation as one HTML file with a player: no network, no server, the pointer still reads."""

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import plotly
import plotly.io

from rnnviz.export.look import Look
from rnnviz.export.page import whole
from rnnviz.export.prepared import alt, words
from rnnviz.export.svg import FACES, face
from rnnviz.plots.packed import packed
from rnnviz.plots.style import FONT, FigureDict
from rnnviz.words import t

STYLE = """
main { display: flex; flex-direction: column; font-family: FONT; font-size: SIZEpx; color: INK; }
main > #picture { flex: 1; min-height: 0; height: auto; }
#picture svg { width: 100%; height: 100%; }
main > #bar { height: auto; display: flex; gap: 0.8em; align-items: center; padding: 0.5em 1em; }
#bar input[type=range] { flex: 1; accent-color: INK; }
#bar button, #bar select { font: inherit; color: inherit; background: PAPER;
  border: 1px solid RULE; border-radius: 4px; min-width: 2.4em; padding: 0.15em 0.6em; }
#bar output { min-width: 8em; font-variant-numeric: tabular-nums; font-weight: 600; }
:focus-visible { outline: 2px solid #0072B2; outline-offset: 2px; }
"""
BAR = """
<div id="picture"></div>
<div id="bar" role="group" aria-label="{player}">
  <button id="play" type="button" aria-label="{play}">&#9654;</button>
  <input id="place" type="range" min="0" max="{last}" value="0" step="1" aria-label="{frame}">
  <output id="says"></output>
  <label>{rate} <select id="rate"></select></label>
</div>
"""
SCRIPT = """
const { frames, rate, drawn, words } = JSON.parse(document.getElementById("frames").textContent);
const find = (id) => document.getElementById(id);
const picture = find("picture"), place = find("place"), play = find("play"), rates = find("rate");
let timer = null, busy = false, next = null;
for (const each of [...new Set([1, 2, 4, 8, 12, rate])].sort((a, b) => a - b)) {
  rates.append(new Option(String(each), String(each), each === rate, each === rate));
}
async function show(number) {
  if (busy) { next = number; return; }
  busy = true;
  place.value = number;
  find("says").textContent = frames[number].says;
  place.setAttribute("aria-valuetext", frames[number].says);
  const { figure } = frames[number];
  if (drawn) picture.innerHTML = figure;
  else await Plotly.react(picture, figure.data, { ...figure.layout, autosize: true },
    { displaylogo: false, showSendToCloud: false, responsive: true, doubleClick: "reset" });
  picture.dataset.frame = number;
  busy = false;
  if (next !== null) { const wanted = next; next = null; show(wanted); }
}
function stop() {
  clearInterval(timer);
  timer = null;
  play.innerHTML = "&#9654;";
  play.setAttribute("aria-label", words.play);
}
function start() {
  if (Number(place.value) === frames.length - 1) show(0);
  clearInterval(timer);
  timer = setInterval(() => {
    const now = Number(place.value) + 1;
    if (now >= frames.length) return stop();
    show(now);
  }, 1000 / Number(rates.value));
  play.innerHTML = "&#10074;&#10074;";
  play.setAttribute("aria-label", words.pause);
}
play.onclick = () => (timer ? stop() : start());
rates.onchange = () => timer && start();
place.oninput = () => { stop(); show(Number(place.value)); };
document.addEventListener("keydown", (event) => {
  if (event.target.closest("select, button, input") || event.ctrlKey || event.metaKey) return;
  const now = Number(place.value), last = frames.length - 1;
  if (event.key === " ") timer ? stop() : start();
  else if (event.key === "ArrowRight") { stop(); show(Math.min(last, now + 1)); }
  else if (event.key === "ArrowLeft") { stop(); show(Math.max(0, now - 1)); }
  else return;
  event.preventDefault();
});
show(0);
"""


def player(frames: Sequence[tuple[str, Any]], look: Look, rate: float) -> str:
    """Return a whole page that plays frames.

    Parameters
    ----------
    frames : sequence of (str, dict or str)
        What is said of each, and its figure as `prepare` gives it, or its SVG.
    rate : float
        Frames a second, at first.
    """
    first = frames[0][1]
    drawn = isinstance(first, str)
    layout = {} if drawn else first["layout"]
    paper = str(layout.get("paper_bgcolor") or _paper(look))
    ink = str((layout.get("font") or {}).get("color") or _ink(look))
    told: FigureDict = {
        "rate": round(rate, 2), "drawn": drawn, "words": {"play": t("Play"), "pause": t("Pause")},
        "frames": [{"says": says, "figure": packed(made)} for says, made in frames],
    }  # fmt: skip
    text = plotly.io.to_json(told, validate=False) if not drawn else json.dumps(told)
    assert isinstance(text, str)
    text = text.replace("<", "\\u003c")  # or a "</script>" in a label would end it
    style = STYLE
    for word, value in (("FONT", FONT), ("SIZE", f"{look.zoom * 12:.0f}"), ("INK", ink),
                        ("PAPER", paper), ("RULE", ink + "55")):  # fmt: skip
        style = style.replace(word, value)
    style += "".join(map(face, FACES))
    title = t("Animation") if drawn else words(first)
    says = title if drawn else alt(first)
    plotly_js = "" if drawn else f"<script>{_plotly_js()}</script>"
    bar = BAR.format(
        player=escape(t("Player")), play=escape(t("Play")), last=len(frames) - 1,
        frame=escape(t("Frame")), rate=escape(t("frames a second")),
    )  # fmt: skip
    body = (
        f"{bar}{plotly_js}"
        f'<script id="frames" type="application/json">{text}</script><script>{SCRIPT}</script>'
    )
    return whole(body, title, says, paper, head=f"<style>{style}</style>\n")


def _plotly_js() -> str:
    path = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    return path.read_text("utf-8")


def _paper(look: Look) -> str:
    from rnnviz.plots.style import THEMES

    return "#FFFFFF" if look.theme == "print" else THEMES[look.theme or "light"].paper


def _ink(look: Look) -> str:
    from rnnviz.plots.style import THEMES

    return "#000000" if look.theme == "print" else THEMES[look.theme or "light"].ink

"""Plotly's small HTML and Unicode as TeX that pdflatex reads with no package but its own."""

import re

from rnnviz.export.prepared import text_of

SIGNS = {
    "∂": r"\partial", "‖": r"\|", "·": r"\cdot", "×": r"\times", "−": "-", "≤": r"\le", "≥": r"\ge",
    "≈": r"\approx", "→": r"\rightarrow", "←": r"\leftarrow", "↑": r"\uparrow", "↓": r"\downarrow",
    "∞": r"\infty", "√": r"\surd", "∑": r"\sum", "∏": r"\prod", "±": r"\pm", "′": "'", "∥": r"\|",
    "∈": r"\in", "≠": r"\ne", "∼": r"\sim", "Δ": r"\Delta", "Σ": r"\Sigma", "Λ": r"\Lambda",
    "∇": r"\nabla", "⊙": r"\odot", "τ": r"\tau", "λ": r"\lambda", "σ": r"\sigma", "ρ": r"\rho",
    "γ": r"\gamma", "α": r"\alpha", "β": r"\beta", "δ": r"\delta", "ε": r"\epsilon", "θ": r"\theta",
    "μ": r"\mu", "π": r"\pi", "φ": r"\phi", "ω": r"\omega", "η": r"\eta", "κ": r"\kappa",
    "✓": r"\surd", "✗": r"\times",
    "²": "^{2}", "³": "^{3}", "¹": "^{1}", "⁻": "^{-}", "₀": "_{0}", "₁": "_{1}", "₂": "_{2}",
}  # fmt: skip
PUNCTUATION = {
    "–": "--", "—": "---", "…": r"\ldots{}", "“": "``", "”": "''", "’": "'", "‘": "`",
    "\u00a0": "~", "\u2009": r"\,", "\u202f": r"\,", "°": r"\textdegree{}",
    "⟦": "{[}{[}", "⟧": "{]}{]}",
}  # fmt: skip
SPECIAL = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
           "%": r"\%", "_": r"\_", "^": r"\^{}", "~": r"\textasciitilde{}",
           "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
           '"': r"\textquotedbl{}", "[": "{[}", "]": "{]}"}  # fmt: skip
PART = re.compile(r"<(sub|sup)>(.*?)</\1>|<br\s*/?>|<[^>]*>|(&lt;|&gt;|&amp;)|(.)", re.DOTALL)


def tex_of(markup: str) -> str:
    """Return text for TeX; letters that pdflatex has no sign for become a question mark."""
    made = []
    for hit in PART.finditer(str(markup)):
        kind, inside, code, letter = hit.groups()
        if kind:
            sign = "_" if kind == "sub" else "^"
            made.append(rf"$ {sign}{{{math_of(inside)}}}$".replace("$ ", "${}"))
        elif code or letter:
            made.append(_letter(text_of(code) if code else letter))
        elif hit[0].startswith("<br"):
            made.append(" ")
    return re.sub(r"\s+", " ", "".join(made)).strip()


def math_of(markup: str) -> str:
    """Return what stands in a subscript or a superscript."""
    made = []
    for letter in text_of(markup):
        if letter in SIGNS:
            made.append(SIGNS[letter] + (" " if SIGNS[letter].startswith("\\") else ""))
        elif letter.isascii() and (letter.isalnum() or letter in "+-=.,()/:' "):
            made.append(letter if not letter.isalpha() else rf"\mathrm{{{letter}}}")
        else:
            made.append(rf"\mbox{{{_letter(letter)}}}")
    return "".join(made)


def comment_of(text: str) -> str:
    """Return text that can stand behind a percent sign, on one line."""
    return re.sub(r"[^\x20-\x7e]", "?", text)


def _letter(letter: str) -> str:
    if letter in SIGNS:
        return f"${SIGNS[letter]}$"
    if letter in PUNCTUATION:
        return PUNCTUATION[letter]
    if letter in SPECIAL:
        return SPECIAL[letter]
    if letter.isspace():
        return " "
    if letter.isascii():
        return letter if letter.isprintable() else "?"
    # T1 has the letters of western European languages
    return letter if "À" <= letter <= "ÿ" and letter not in "×÷" else "?"

"""What a person reads, in their language: one catalogue, GNU gettext's, with English as message.

    t("Hidden state of {layer}", layer=2)             # now, in the reader's language
    tn("{count} unit", "{count} units", len(units))   # one or many
    Words("{name} is not finished", name=run)         # to be said later: errors, stored reasons
    Many("{count} unit", "{count} units", 3)          # the same for one or many
    listed([words, words])                            # words one after the other
    N_("Gates")                                       # only marks a constant; t(it) where shown

Messages are literals, with `str.format`'s places for values: `make words` collects them, in the
scripts of the page too. Who reads is told by `speaking`, or, where nobody said, by `ask_for`.
"""

from rnnviz.words.catalogue import LANGUAGES, PSEUDO
from rnnviz.words.language import ask_for, known, language, speaking
from rnnviz.words.say import LONGEST, N_, NOTHING, Many, Words, listed, t, tn

__all__ = [
    "LANGUAGES", "LONGEST", "NOTHING", "PSEUDO", "Many", "N_", "Words", "ask_for", "known",
    "language", "listed", "speaking", "t", "tn",
]  # fmt: skip

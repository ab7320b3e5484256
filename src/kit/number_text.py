"""Cleans texts that people paste, type or dictate as phone numbers: ASCII digits and signs, no invisible characters.

Pure; the function ``clean`` of the widget (JavaScript) does the same.
"""

import re
import unicodedata

# Unicode categories. Normalization would turn footnote marks and fractions (No) into digits.
_NUMBER_SIGN_CATEGORIES = frozenset({"No"})
_INVISIBLE_CATEGORIES = frozenset({"Cf"})
_INVISIBLE_MARKS = frozenset({*map(chr, range(0xFE00, 0xFE10)), "\u20e3"})
_DASHES = frozenset("\u2043\u2212\u30fc")
_SLASHES = frozenset("\u2044\u2215")
# Ends of rows and cells of a copied table: a number never continues behind one.
_BREAKS = re.compile("[\t\n\v\f\r\u2028\u2029]+")
# The white space of JavaScript, the widget's language: without the separators of ASCII and U+0085.
_SPACES = re.compile("[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]+")
_SPACED_BREAK = re.compile(" ?\n ?")


def clean_number_text(text: str) -> str:
    """``text`` with digits of every script as 0-9, full-width signs, dashes and spaces as ASCII, and nothing invisible.

    A line break or tab stays one line break.
    """
    marked = "".join("\n" if unicodedata.category(mark) in _NUMBER_SIGN_CATEGORIES else mark for mark in text)
    plain = "".join(map(_plain, unicodedata.normalize("NFKC", marked)))
    return _SPACED_BREAK.sub("\n", _SPACES.sub(" ", _BREAKS.sub("\n", plain))).strip(" \n")


def _plain(mark: str) -> str:
    if mark.isascii():
        return mark
    category = unicodedata.category(mark)
    if category in _INVISIBLE_CATEGORIES or mark in _INVISIBLE_MARKS:
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(mark))
    if category == "Pd" or mark in _DASHES:
        return "-"
    return "/" if mark in _SLASHES else mark

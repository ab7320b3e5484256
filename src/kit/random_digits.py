"""Random hexadecimal digits, which the operating system is asked for many at a time."""

import os

_TEXTS_EACH_TIME = 128


class RandomDigits:
    """Texts of random hexadecimal digits, as hard to guess as those of ``secrets.token_hex``, which asks for each.

    An exchange needs three such texts, and each request to the operating system costs it 1 µs.
    """

    def __init__(self, length: int) -> None:
        """``length`` of a text, an even number."""
        self._length = length
        self._left: list[str] = []
        # A copy of the process must not use the same ones.
        os.register_at_fork(after_in_child=self._left.clear)

    def draw(self) -> str:
        """A text that was not used before."""
        try:
            return self._left.pop()
        except IndexError:
            digits = os.urandom(self._length * _TEXTS_EACH_TIME // 2).hex()
            texts = [digits[start : start + self._length] for start in range(0, len(digits), self._length)]
            drawn = texts.pop()
            self._left.extend(texts)
            return drawn

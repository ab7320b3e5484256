"""Random hexadecimal digits, read from the operating system in large portions."""

import os

_TEXTS_PER_READ = 128


class RandomDigits:
    """Texts of random hexadecimal digits, as hard to guess as those of ``secrets.token_hex``.

    An exchange needs three such texts, and each read from the operating system costs it 1 µs.
    """

    def __init__(self, length: int) -> None:
        """``length`` of a text, an even number."""
        self._length = length
        self._unused: list[str] = []
        # A forked process must not use the same texts.
        os.register_at_fork(after_in_child=self._unused.clear)

    def draw(self) -> str:
        """A text that was not used before."""
        try:
            return self._unused.pop()
        except IndexError:
            digits = os.urandom(self._length * _TEXTS_PER_READ // 2).hex()
            texts = [digits[start : start + self._length] for start in range(0, len(digits), self._length)]
            drawn = texts.pop()
            self._unused.extend(texts)
            return drawn

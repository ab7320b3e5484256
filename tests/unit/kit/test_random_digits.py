"""Random hexadecimal digits: of the given length, never repeated, and different in a forked copy of the process."""

import os

from kit.random_digits import RandomDigits


def test_texts_have_the_length_and_differ() -> None:
    digits = RandomDigits(16)
    texts = {digits.draw() for _ in range(1000)}
    assert len(texts) == 1000
    assert all(len(text) == 16 and int(text, 16) >= 0 for text in texts)


def test_a_copy_of_the_process_draws_other_ones() -> None:
    digits = RandomDigits(16)
    digits.draw()
    read_end, write_end = os.pipe()
    if (child := os.fork()) == 0:
        os.write(write_end, digits.draw().encode())
        os._exit(0)
    os.waitpid(child, 0)
    drawn_in_copy = os.read(read_end, 16).decode()
    assert drawn_in_copy not in {digits.draw() for _ in range(200)}
    os.close(read_end)
    os.close(write_end)

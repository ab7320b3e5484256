"""Files in the data directory: only the product's system user can read them, and they are replaced as a whole."""

import os
from pathlib import Path

from kit.private_files import write_private


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_nobody_else_reads_or_lists_what_is_written(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_private(tmp_path / "data" / "sandbox" / "ledger.json", b"[]")
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "data" / "sandbox" / "ledger.json") == 0o600
    for folder in (tmp_path / "data", tmp_path / "data" / "sandbox"):
        assert mode_of(folder) == 0o700


def test_a_readable_file_of_an_earlier_version_becomes_private(tmp_path: Path) -> None:
    file = tmp_path / "address"
    file.write_text("old")
    file.chmod(0o644)
    write_private(file, b"new")
    assert (file.read_bytes(), mode_of(file)) == (b"new", 0o600)
    assert list(tmp_path.iterdir()) == [file]

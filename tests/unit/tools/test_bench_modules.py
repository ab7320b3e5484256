"""No module of the benchmarks (``bench``) has the name of a package of ``src``, so that both can be imported."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_no_module_of_the_benchmarks_has_the_name_of_a_package() -> None:
    packages = {path.parent.name for path in (ROOT / "src").glob("*/__init__.py")}
    assert packages & {path.stem for path in (ROOT / "bench").glob("*.py")} == set()

"""The files in which workers share Prometheus metrics: disk space is allocated first, and its lack is reported."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# In a process of its own: sharing cannot be undone.
SHARE = """
import errno, os, sys
from pathlib import Path
from kit import metrics
if sys.argv[2] == "full":
    def no_space(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.posix_fallocate = no_space
metrics.share_metrics(Path(sys.argv[1]), 3)
from prometheus_client import Counter, Histogram
Counter("calls", "Calls", ["kind"]).labels("a").inc()
Histogram("seconds", "Seconds", ["kind"]).labels("a").observe(1)
print(metrics.read_metrics().decode())
"""


def _share(folder: Path, disk: str) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-c", SHARE, str(folder), disk]
    environ = {"PYTHONPATH": str(ROOT / "src"), "PATH": ""}
    return subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=60, check=True)


def test_no_page_of_a_shared_file_is_left_to_be_allocated_later(tmp_path: Path) -> None:
    assert 'calls_total{kind="a"} 1.0' in _share(tmp_path, "free").stdout
    files = {file.name: file.stat() for file in tmp_path.iterdir()}
    assert set(files) == {"counter_3.db", "gauge_livesum_3.db", "histogram_3.db"}
    # A page of a sparse file that finds no space ends the process with SIGBUS.
    assert all(found.st_blocks * 512 >= found.st_size for found in files.values())


def test_a_worker_without_space_for_shared_files_counts_for_itself(tmp_path: Path) -> None:
    alone = _share(tmp_path, "full")
    assert 'calls_total{kind="a"} 1.0' in alone.stdout
    assert "metrics_not_shared" in alone.stdout + alone.stderr
    assert "No space left on device" in alone.stdout + alone.stderr

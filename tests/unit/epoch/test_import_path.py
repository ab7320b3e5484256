"""The installed ``epoch`` command imports nothing from the folder in which it is started."""

import subprocess
import sys
from pathlib import Path


def test_a_module_in_the_present_folder_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "argparse.py").write_text("raise SystemExit('the file in the folder')")
    command = Path(sys.executable).with_name("epoch")
    done = subprocess.run([command, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")

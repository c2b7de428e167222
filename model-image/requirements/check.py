"""Resolves every pinned package with pip, for Python 3.11 on Linux (x86-64), by hash.

    python check.py            (any Python 3; pip 25.1 or later; downloads about 4 GB to a temporary folder)

Nothing is installed. The exit status is 1 if a package does not resolve.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
FILES = ("build.txt", "pypi.txt", "torch.txt")
#: The platform tags that Debian 12 supports, whose glibc is 2.36.
PLATFORMS = [*(f"manylinux_2_{n}_x86_64" for n in range(36, 4, -1)), "manylinux2014_x86_64", "manylinux1_x86_64", "linux_x86_64"]


def resolve(file: str, report: Path) -> subprocess.CompletedProcess[str]:
    platforms = [word for name in PLATFORMS for word in ("--platform", name)]
    with tempfile.TemporaryDirectory() as target:
        return subprocess.run(
            [
                sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--no-deps", "--ignore-installed", "--target", target,
                "--python-version", "3.11", *platforms, "--report", str(report), "--require-hashes", "-r", str(HERE / file),
            ],
            check=False, capture_output=True, text=True,
        )


def main() -> int:
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for file in FILES:
            report = Path(folder) / f"{file}.json"
            done = resolve(file, report)
            if done.returncode == 0:
                found = json.loads(report.read_text())["install"]
                wheels = sum(i["download_info"]["url"].endswith(".whl") for i in found)
                print(f"{file:12} {len(found)} resolve: {wheels} wheels, {len(found) - wheels} source archives")
            else:
                errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()[-1:]
                print(f"{file:12} FAILS: {' '.join(errors)[:300]}")
                failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())

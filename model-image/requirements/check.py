"""Resolves every pinned package with pip, for Python 3.11 on Linux (x86-64), by hash if it has one.

    python check.py            (any Python 3; pip 25.1 or later; downloads about 3 GB to a temporary folder)

Nothing is installed. The exit status is 1 if a package of PyPI does not resolve. Packages of other
indexes are only reported, because not every network can reach these.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
#: From PyPI, by hash, and from other indexes, by version.
HASHED, OTHERS = ("build.txt", "pypi.txt", "cuda.txt"), ("torch.txt", "kaolin.txt")
#: The platform tags that Ubuntu 22.04 supports, whose glibc is 2.35.
PLATFORMS = [*(f"manylinux_2_{n}_x86_64" for n in range(35, 4, -1)), "manylinux2014_x86_64", "manylinux1_x86_64", "linux_x86_64"]


def resolve(file: str, report: Path, *more: str) -> subprocess.CompletedProcess[str]:
    platforms = [word for name in PLATFORMS for word in ("--platform", name)]
    with tempfile.TemporaryDirectory() as target:
        return subprocess.run(
            [
                sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--no-deps", "--ignore-installed", "--target", target,
                "--python-version", "3.11", *platforms, "--report", str(report), *more, "-r", str(HERE / file),
            ],
            check=False, capture_output=True, text=True,
        )


def main() -> int:
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for file in (*HASHED, *OTHERS):
            report = Path(folder) / f"{file}.json"
            hashed = file in HASHED
            done = resolve(file, report, *(("--require-hashes",) if hashed else ("--retries", "0", "--timeout", "15")))
            if done.returncode == 0:
                found = json.loads(report.read_text())["install"]
                wheels = sum(i["download_info"]["url"].endswith(".whl") for i in found)
                print(f"{file:12} {len(found)} resolve: {wheels} wheels, {len(found) - wheels} source archives")
            else:
                errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()[-1:]
                print(f"{file:12} {'FAILS' if hashed else 'not reachable'}: {' '.join(errors)[:300]}")
                failed |= hashed
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

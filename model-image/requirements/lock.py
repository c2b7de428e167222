"""Writes the packages of pip's installation report as pins with hashes.

    python lock.py report.json

torch.txt has torch with CUDA's libraries, which rarely change and are a layer of the image of their own; pypi.txt has the
others. triton is omitted: torch needs it only to compile models (compile_model is off).
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
HEAD = "# Made by lock.py from packages.in; not to be edited.\n"

with open(sys.argv[1]) as report:
    found = json.load(report)["install"]
lines: dict[str, list[str]] = {"torch.txt": [], "pypi.txt": []}
for item in sorted(found, key=lambda i: i["metadata"]["name"].lower()):
    name, version = item["metadata"]["name"], item["metadata"]["version"]
    if name == "triton":
        continue
    file = "torch.txt" if name in ("torch", "torchvision") or name.startswith("nvidia-") else "pypi.txt"
    lines[file].append(f"{name}=={version} --hash=sha256:{item['download_info']['archive_info']['hashes']['sha256']}\n")
for file, pins in lines.items():
    (HERE / file).write_text(HEAD + "".join(pins))

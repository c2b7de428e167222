"""Writes the pins with hashes of what pip's report says it would install.

    python lock.py report.json > pypi.txt

Left out is what comes with torch, which has an index of its own (torch.txt).
"""

import json
import sys

WITH_TORCH = ("torch", "torchvision", "triton", "nvidia-")

with open(sys.argv[1]) as report:
    found = json.load(report)["install"]
print("# Made by lock.py from packages.in; not to be edited.")
for item in sorted(found, key=lambda i: i["metadata"]["name"].lower()):
    name, version = item["metadata"]["name"], item["metadata"]["version"]
    if name in WITH_TORCH[:3] or name.startswith(WITH_TORCH[3]):
        continue
    print(f"{name}=={version} --hash=sha256:{item['download_info']['archive_info']['hashes']['sha256']}")

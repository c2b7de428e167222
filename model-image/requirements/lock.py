"""Writes the packages of pip's installation report as pins with hashes.

    python lock.py report.json > pypi.txt

It omits the packages that come with torch, which has a separate index (torch.txt).
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

"""Keeps the number of unfinished jobs below the quota, so that valid submissions are accepted."""

import os
from collections import deque

import requests
import schemathesis

# Less than the 20 unfinished jobs that a user can have. The newest are kept, because later requests
# of a scenario use them.
KEPT = 10

jobs: deque[str] = deque()


@schemathesis.hook
def after_call(context, case, response):
    if case.method.upper() != "POST" or response.status_code != 201:
        return
    jobs.append(response.json()["jobId"])
    while len(jobs) > KEPT:
        requests.delete(
            f"{os.environ['CONTRACT_URL']}/api/jobs/{jobs.popleft()}",
            headers={"Authorization": f"Bearer {os.environ['CONTRACT_TOKEN']}"},
            timeout=60,
        )

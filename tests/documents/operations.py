"""Checks commands of the AWS CLI, one a line, against the CLI's own models of AWS's services.

A line has the command's place and its words without `aws`, separated by tabs.
"""

import sys

from awscli.botocore import xform_name
from awscli.botocore.session import Session

# Commands of the CLI itself, which are no operations of a service, or exist only in its version 2.
OWN = {("s3", "cp"), ("s3", "ls"), ("s3", "sync"), ("s3", "rm"), ("logs", "tail"), ("configure", "sso"), ("sso", "login")}
GLOBAL = {"--query", "--output", "--region", "--endpoint-url", "--profile", "--no-cli-pager"}
PAGING = {"--max-items", "--page-size", "--starting-token"}

session = Session()
faults = []


def check(where, words):
    while words and words[0].startswith("--"):  # --endpoint-url URL
        words = words[2:]
    service, operation, *rest = words + ["", ""][: max(0, 2 - len(words))]
    if (service, operation) in OWN or not operation:
        return
    try:
        model = session.get_service_model({"s3api": "s3"}.get(service, service))
    except Exception:
        faults.append(f"{where}: there is no service {service}")
        return
    names = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in names:
        faults.append(f"{where}: {service} has no operation {operation}")
        return
    members = model.operation_model(names[operation]).input_shape
    known = {"--" + xform_name(m, "-") for m in (members.members if members else {})}
    for word in rest:
        if word.startswith("--") and word.split("=")[0] not in known | GLOBAL | PAGING:
            option = word.removeprefix("--no-")
            if "--" + option not in known:
                faults.append(f"{where}: {service} {operation} has no option {word}")


for line in sys.stdin.read().splitlines():
    where, *words = line.split("\t")
    check(where, words)
if faults:
    sys.exit("\n".join(faults))

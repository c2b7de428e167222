"""Checks IAM policies with parliament (https://github.com/duo-labs/parliament).

Reads {name: policy text} as JSON from stdin, and writes a list of
{policy, severity, issue, detail} as JSON.
"""
import json
import sys

import parliament

found = []
for name, text in json.load(sys.stdin).items():
    # A role's trust policy has no resource. parliament is made for identity policies and needs one: the
    # role itself.
    document = json.loads(text)
    for statement in document["Statement"]:
        if statement["Action"] == ["sts:AssumeRole"]:
            statement.setdefault("Resource", "arn:aws:iam::123456789012:role/this")
    for finding in parliament.analyze_policy_string(json.dumps(document)).findings:
        full = parliament.enhance_finding(finding)
        found.append({"policy": name, "severity": full.severity, "issue": full.issue, "detail": str(full.detail)})
json.dump(found, sys.stdout)

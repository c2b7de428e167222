"""A role that has just been created cannot be assumed yet: IAM is eventually consistent.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency

AWS refuses for seconds; the emulator refuses the first request that has the role, so that the
result does not depend on the time. Each service has a message of its own.
"""
from moto.iam.models import iam_backends

# https://github.com/awslabs/predictive-maintenance-using-machine-learning/issues/3
SAGEMAKER_REFUSES = "Could not assume role {}. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role."
_spread: set[str] = set()


def spreads(arn):
    """Reports whether this is the first request with a role that was created here."""
    new = arn not in _spread and any(
        role.arn == arn for account in iam_backends.values() for backend in account.values() for role in backend.roles.values())
    _spread.add(arn)
    return new

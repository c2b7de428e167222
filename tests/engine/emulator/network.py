"""EC2: a deleted VPC endpoint is not described."""
from moto.ec2.models.vpcs import VPCBackend

_endpoints = VPCBackend.describe_vpc_endpoints


def _live_endpoints(self, *args, **kwargs):
    return [e for e in _endpoints(self, *args, **kwargs) if e.state.lower() != "deleted"]


VPCBackend.describe_vpc_endpoints = _live_endpoints

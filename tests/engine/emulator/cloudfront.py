"""CloudFront's distributions.

Responses have forwarded values only without a cache policy, and SNI only with a custom certificate,
which is then not the default one.
"""
import moto.cloudfront.models as cloudfront

_behaviour_init, _certificate_init = cloudfront.DefaultCacheBehaviour.__init__, cloudfront.ViewerCertificate.__init__


def _behaviour(self, config):
    _behaviour_init(self, config)
    for attribute, key in (("cache_policy_id", "CachePolicyId"), ("origin_request_policy_id", "OriginRequestPolicyId"),
                           ("response_headers_policy_id", "ResponseHeadersPolicyId")):
        setattr(self, attribute, config.get(key) or None)
    if config.get("CachePolicyId"):
        self.forwarded_values = self.min_ttl = self.max_ttl = self.default_ttl = None


def _certificate(self, config):
    _certificate_init(self, config)
    self.cloud_front_default_certificate = not (self.acm_certificate_arn or self.iam_certificate_id)
    if self.cloud_front_default_certificate:
        self.ssl_support_method = None


cloudfront.DefaultCacheBehaviour.__init__, cloudfront.ViewerCertificate.__init__ = _behaviour, _certificate

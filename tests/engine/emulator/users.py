"""Cognito: an update keeps the tags, and the properties that only the creation of a pool sets."""
from moto.cognitoidp.models import CognitoIdpUserPool

_update_pool = CognitoIdpUserPool.update_extended_config


def _updated_pool(self, extended_config):
    fixed = {k: v for k, v in getattr(self, "extended_config", {}).items()
             if k in ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration", "UserPoolTags")}
    _update_pool(self, {**fixed, **(extended_config or {})})


CognitoIdpUserPool.update_extended_config = _updated_pool

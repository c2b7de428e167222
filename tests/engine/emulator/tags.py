"""Tags by ARN, for the services whose tags moto does not store."""
tags: dict[str, dict[str, str]] = {}

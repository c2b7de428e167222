"""Lambda: what responses lack, reserved concurrency, and the variables that Lambda sets itself."""
from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaBackend, LambdaFunction

from .roles import spreads

# A function's environment cannot set the variables that Lambda sets itself.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_RESERVED_VARIABLES = {
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"}


def _unreserved(settings):
    taken = _RESERVED_VARIABLES & set((settings.get("Environment") or {}).get("Variables") or {})
    if taken:
        raise InvalidParameterValueException("Lambda was unable to configure your environment variables because the environment "
                                             "variables you have provided contains reserved keys that are currently not supported "
                                             f"for modification. Reserved keys used in this request: {', '.join(sorted(taken))}")


# Responses have the dead-letter queue, the logging settings and the key of the function.
_KEPT = ("DeadLetterConfig", "LoggingConfig", "KMSKeyArn")
_lambda_init, _lambda_configuration = LambdaFunction.__init__, LambdaFunction.get_configuration
_lambda_update = LambdaFunction.update_configuration


def _created(self, account_id, spec, *args, **kwargs):
    _unreserved(spec)
    # The message: https://github.com/aws/aws-cli/issues/7700
    if spreads(spec["Role"]):
        raise InvalidParameterValueException("The role defined for the function cannot be assumed by Lambda.")
    _lambda_init(self, account_id, spec, *args, **kwargs)
    self._kept = {k: spec[k] for k in _KEPT if k in spec}


def _answer(self, *args, **kwargs):
    return {**_lambda_configuration(self, *args, **kwargs), **{k: v for k, v in getattr(self, "_kept", {}).items() if v}}


def _updated(self, updates):
    _unreserved(updates)
    self._kept = {**getattr(self, "_kept", {}), **{k: updates[k] for k in _KEPT if k in updates}}
    return _lambda_update(self, updates)


LambdaFunction.__init__, LambdaFunction.get_configuration = _created, _answer
LambdaFunction.update_configuration = _updated

# 10 of an account's concurrent executions stay unreserved, and a new account has 10, so that it can
# reserve none. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (new
# accounts have reduced quotas),
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
_QUOTA = _UNRESERVED = 10
_reserve = LambdaBackend.put_function_concurrency


def _reserved(self, function_name, reserved_concurrency):
    others = sum(int(f.reserved_concurrency or 0) for f in self.list_functions() if f.function_name != function_name)
    if _QUOTA - others - int(reserved_concurrency) < _UNRESERVED:
        raise InvalidParameterValueException("Specified ReservedConcurrentExecutions for function decreases account's "
                                             f"UnreservedConcurrentExecution below its minimum value of [{_UNRESERVED}].")
    return _reserve(self, function_name, reserved_concurrency)


LambdaBackend.put_function_concurrency = _reserved

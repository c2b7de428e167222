"""The emulator refuses what AWS refuses, and accepts what AWS accepts. Each case states where AWS says so.

Run: .venv/bin/python -m unittest, in this folder. The deployments in this package's Go tests use the same emulator.
"""
import io
import subprocess
import sys
import unittest
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/Test"


def setUpModule():
    global emulator, url  # noqa: PLW0603
    # Where this process keeps what Python compiles, the emulator does.
    emulator = subprocess.Popen([sys.executable, "-X", f"pycache_prefix={sys.pycache_prefix or ''}", "-m", "emulator"], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True)
    unittest.addModuleCleanup(emulator.wait)
    unittest.addModuleCleanup(emulator.stdout.close)
    unittest.addModuleCleanup(emulator.kill)
    url = f"http://127.0.0.1:{int(emulator.stdout.readline())}"


def client(service):
    return boto3.client(service, region_name="us-east-1", endpoint_url=url, aws_access_key_id="test",
                        aws_secret_access_key="test",
                        # botocore checks no values of enumerations, so that they reach the
                        # emulator.
                        config=Config(retries={"total_max_attempts": 1}))


class Refusals(unittest.TestCase):
    def refused_once(self, code, says, call, **request):
        self.refused(code, says, call, **request)
        return call(**request)

    def refused(self, code, says, call, **request):
        with self.assertRaises(ClientError) as refusal:
            call(**request)
        self.assertEqual(refusal.exception.response["Error"]["Code"], code)
        self.assertIn(says, refusal.exception.response["Error"]["Message"])


def create_role(name):
    """Creates a role, which the next request cannot assume yet."""
    return client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]


def program():
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("bootstrap", "")
    return {"Runtime": "provided.al2023", "Handler": "bootstrap", "Code": {"ZipFile": code.getvalue()}}


class New(Refusals):
    """What has just been created is not known yet.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
    """

    def test_a_notebooks_new_role(self):
        self.refused_once("ValidationException", "Could not assume role", client("sagemaker").create_notebook_instance,
                          NotebookInstanceName="new", InstanceType="ml.t3.medium", RoleArn=create_role("Notebook"))

    def test_a_models_new_role(self):
        self.refused_once("ValidationException", "Could not assume role", client("sagemaker").create_model,
                          ModelName="new", PrimaryContainer={"Image": "image"}, ExecutionRoleArn=create_role("Model"))

    def test_a_functions_new_role(self):
        self.refused_once("InvalidParameterValueException", "cannot be assumed by Lambda", client("lambda").create_function,
                          FunctionName="spread", Role=create_role("NewFunction"), **program())

    def test_a_schedules_new_role(self):
        target = {"Arn": "arn:aws:lambda:us-east-1:123456789012:function:one", "RoleArn": create_role("Schedule")}
        self.refused_once("ValidationException", "must allow AWS EventBridge Scheduler to assume", client("scheduler").create_schedule,
                          Name="new", ScheduleExpression="rate(1 hour)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target)


    def test_a_new_model_and_a_new_configuration(self):
        models = client("sagemaker")
        models.create_model(ModelName="early", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "image"})
        self.refused_once("ValidationException", "Could not find model", models.create_endpoint_config, EndpointConfigName="early",
                          ProductionVariants=[{"VariantName": "one", "ModelName": "early", "InstanceType": "ml.g6e.xlarge", "InitialInstanceCount": 1}])
        self.refused_once("ValidationException", "Could not find endpoint configuration", models.create_endpoint,
                          EndpointName="early", EndpointConfigName="early")


class Hosts(Refusals):
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html"""

    def setUp(self):
        self.sagemaker = client("sagemaker")
        self.model = self._testMethodName.replace("_", "-")
        self.sagemaker.create_model(ModelName=self.model, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "image"})
        self.refused("ValidationException", "Could not find model", self.sagemaker.create_endpoint_config,
                     **self.configuration("ml.m5.xlarge", None))

    def configuration(self, instance, version):
        variant = {"VariantName": "one", "ModelName": self.model, "InstanceType": instance, "InitialInstanceCount": 1}
        if version:
            variant["InferenceAmiVersion"] = version
        return {"EndpointConfigName": f"{instance}-{version}".replace(".", "-"), "ProductionVariants": [variant]}

    def test_versions_that_do_not_exist(self):
        for version in ("al2-ami-sagemaker-inference-gpu-9", "gpu-2", "al2023-ami-sagemaker-inference-gpu-2"):
            self.refused("ValidationException", f"Value '{version}' at 'productionVariants.inferenceAmiVersion'", self.sagemaker.create_endpoint_config,
                         **self.configuration("ml.g6e.xlarge", version))

    def test_versions_without_the_types_accelerator(self):
        for instance, version in (("ml.m5.xlarge", "al2-ami-sagemaker-inference-gpu-2"),
                                  ("ml.inf2.xlarge", "al2-ami-sagemaker-inference-gpu-2"),
                                  ("ml.g6e.xlarge", "al2-ami-sagemaker-inference-neuron-2")):
            self.refused("ValidationException", f"not supported for instance type {instance}",
                         self.sagemaker.create_endpoint_config, **self.configuration(instance, version))

    def test_versions_that_fit(self):
        for instance, version in (("ml.g6e.xlarge", "al2-ami-sagemaker-inference-gpu-2"), ("ml.p5.48xlarge", "al2-ami-sagemaker-inference-gpu-2-1"),
                                  ("ml.inf2.xlarge", "al2-ami-sagemaker-inference-neuron-2"), ("ml.m5.xlarge", None)):
            self.sagemaker.create_endpoint_config(**self.configuration(instance, version))


class ScaledEndpoints(Refusals):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html"""

    def test_another_instance_type(self):
        models, scaling = client("sagemaker"), client("application-autoscaling")
        models.create_model(ModelName="scaled", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "image"})
        for name, instance, initial in (("first", "ml.g6e.xlarge", 1), ("second", "ml.g6e.xlarge", 2), ("other", "ml.g6e.2xlarge", 1)):
            create = models.create_endpoint_config if name != "first" else self.known(models.create_endpoint_config)
            create(EndpointConfigName=name, ProductionVariants=[
                {"VariantName": "one", "ModelName": "scaled", "InstanceType": instance, "InitialInstanceCount": initial}])
        self.known(models.create_endpoint)(EndpointName="scaled", EndpointConfigName="first")
        target = {"ServiceNamespace": "sagemaker", "ResourceId": "endpoint/scaled/variant/one",
                  "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}
        scaling.register_scalable_target(MinCapacity=0, MaxCapacity=2, **target)
        models.update_endpoint(EndpointName="scaled", EndpointConfigName="second")
        self.refused("ValidationException", "cannot be changed while it is registered", models.update_endpoint,
                     EndpointName="scaled", EndpointConfigName="other")
        scaling.deregister_scalable_target(**target)
        models.update_endpoint(EndpointName="scaled", EndpointConfigName="other")

    def known(self, call):
        """Returns call, which repeats a request that is refused because what it names is new."""
        return lambda **request: self.refused_once("ValidationException", "Could not find", call, **request)


class Notebooks(Refusals):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/nbi-al2.html"""

    def setUp(self):
        self.sagemaker = client("sagemaker")

    def test_platforms_that_have_ended(self):
        for platform in ("notebook-al1-v1", "notebook-al2-v1", "notebook-al2-v2", "notebook-al2-v3"):
            self.refused("ValidationException", f"{platform} is deprecated", self.sagemaker.create_notebook_instance,
                         NotebookInstanceName="ended", InstanceType="ml.t3.medium", RoleArn=ROLE, PlatformIdentifier=platform)

    def test_types_that_the_present_platform_does_not_run_on(self):
        for instance in ("ml.p2.xlarge", "ml.p3.2xlarge", "ml.p3dn.24xlarge"):
            self.refused("ValidationException", f"{instance} is not supported", self.sagemaker.create_notebook_instance,
                         NotebookInstanceName="old", InstanceType=instance, RoleArn=ROLE)

    def test_the_present_platform(self):
        for name, given in (("default", {}), ("named", {"PlatformIdentifier": "notebook-al2023-v1"})):
            self.sagemaker.create_notebook_instance(NotebookInstanceName=name, InstanceType="ml.g4dn.xlarge", RoleArn=ROLE, **given)


class Variables(Refusals):
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""

    def setUp(self):
        self.functions = client("lambda")
        self.function = {"Role": create_role(self._testMethodName), **program()}
        with self.assertRaises(ClientError):
            self.functions.create_function(FunctionName="early", **self.function)

    def test_variables_that_lambda_sets(self):
        self.functions.create_function(FunctionName="changed", Environment={"Variables": {"STACK": "dev"}}, **self.function)
        for name in ("AWS_REGION", "AWS_ACCESS_KEY_ID", "LAMBDA_TASK_ROOT", "_HANDLER"):
            variables = {"Variables": {name: "x", "STACK": "dev"}}
            for call, settings in ((self.functions.create_function, {"FunctionName": "new", **self.function}),
                                   (self.functions.update_function_configuration, {"FunctionName": "changed"})):
                self.refused("InvalidParameterValueException", f"Reserved keys used in this request: {name}", call,
                             Environment=variables, **settings)

    def test_variables_of_the_program(self):
        self.functions.create_function(FunctionName="named", Environment={"Variables": {"STACK": "dev", "AWS_ENDPOINT_URL": "http://127.0.0.1"}},
                                       **self.function)


if __name__ == "__main__":
    unittest.main()

"""Lets a test play what AWS does on its own."""
import json

import moto.sagemaker.models as sagemaker


def controlled(app):
    """Adds POST /emulator/endpoint, with which a test sets the state of an endpoint.

    Its fields are EndpointName, Status and FailureReason; with RollBack, the reason of it, the next
    update is rolled back.
    """
    def answer(environ, start_response):
        if environ["PATH_INFO"] != "/emulator/endpoint":
            return app(environ, start_response)
        body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        endpoint = sagemaker.sagemaker_backends["123456789012"]["us-east-1"].endpoints[body["EndpointName"]]
        endpoint.endpoint_status = body.get("Status") or endpoint.endpoint_status
        endpoint.failure_reason = body.get("FailureReason")
        endpoint.roll_back = body.get("RollBack")
        start_response("200 OK", [])
        return [b"{}"]
    return answer

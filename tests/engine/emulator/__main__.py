"""Starts the emulator; see the package."""
import sys

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from . import (  # noqa: F401
    budgets,
    cloudfront,
    cloudfront_functions,
    cloudfront_policies,
    endpoints,
    functions,
    logs,
    mail,
    models,
    network,
    notebooks,
    scaling,
    schedulers,
    storage,
    users,
)
from .control import controlled

server = make_server("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0,
                     controlled(DomainDispatcherApplication(create_backend_app)), threaded=True)
print(server.port, flush=True)
server.serve_forever()

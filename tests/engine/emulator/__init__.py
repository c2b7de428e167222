"""moto's server, with patches for what moto lacks or answers differently than AWS.

Each service has a module.

Usage: python -m emulator [PORT]

Listens on 127.0.0.1, on a free port if none is given, and prints the port when it is ready.

The comment of each patch states what AWS does. The differences were found with moto 5.2.1.
"""

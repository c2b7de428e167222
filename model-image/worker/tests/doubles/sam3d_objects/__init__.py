"""Double of sam3d_objects: like the real package, it cannot be imported without LIDRA_SKIP_INIT."""

import os

print("sam3d_objects double: a library that prints to standard output")

if not os.environ.get("LIDRA_SKIP_INIT"):
    import sam3d_objects.init  # noqa: F401

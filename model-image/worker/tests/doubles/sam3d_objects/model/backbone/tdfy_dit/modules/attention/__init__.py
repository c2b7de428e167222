"""Double: like the real module, it selects its backend on import."""

import os

BACKEND = os.environ.get("ATTN_BACKEND", "sdpa")

"""Double: as the real one, it chooses its backend when it is imported."""

import os

BACKEND = os.environ.get("ATTN_BACKEND", "sdpa")

"""Double: as the real one, it chooses its attention when it is imported."""

import os

ATTN = os.environ.get("SPARSE_ATTN_BACKEND") or os.environ.get("ATTN_BACKEND", "sdpa")

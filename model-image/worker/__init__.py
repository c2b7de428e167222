"""The Python half of the model server: SAM 2.1 finds the object, SAM 3D Objects makes it.

The Go server (model-image/server/sam3d) runs it as `python -m worker` and talks to it over
two pipes; `protocol` has the messages. Every heavy package is imported in `environment`,
`segment` and `reconstruct` only, and only when `setup` runs: the rest works without a GPU.
"""

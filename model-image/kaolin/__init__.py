"""The one function that SAM 3D Objects takes from NVIDIA's kaolin, under its name.

kaolin itself is not on PyPI for torch 2.5.1, and importing it needs Warp and USD (416 MB). See model-image/README.md.
"""

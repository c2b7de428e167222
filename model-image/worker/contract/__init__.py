"""The signatures of the sources that the worker calls, and the program that records them."""

"""Signatures of the real sources that the worker calls, as data, and the program that records them."""

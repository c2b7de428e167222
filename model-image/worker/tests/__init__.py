"""Tests of the worker. Its model is a double with the real signatures."""

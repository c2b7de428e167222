"""Tests of the worker with a double of the model that has the real signatures."""

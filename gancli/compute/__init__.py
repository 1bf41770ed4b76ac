"""The machine: devices, memory, random streams, kernels, and settings of a process that computes.

Imports base.
"""

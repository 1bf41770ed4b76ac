"""The machine: devices, memory, random streams, kernels, and what a process settles before it computes.

Imports base.
"""

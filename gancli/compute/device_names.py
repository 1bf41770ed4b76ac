"""How devices are named in settings; no torch."""

DEVICES = r"^(auto|cpu|mps|cuda(:\d+)?)$"
"""The pattern of a device's name."""

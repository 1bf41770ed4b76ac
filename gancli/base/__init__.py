"""What every other package stands on: errors, text, files, locks, option models, units, progress, tensors on disk.

Imports nothing of gancli.
"""

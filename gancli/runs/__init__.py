"""What a training leaves behind: the run's folder and lock, checkpoints, the thread that writes them, evaluations.

Imports config and what is below it.
"""

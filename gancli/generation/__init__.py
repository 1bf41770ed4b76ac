"""Making images: a trained model out of a checkpoint, the sampler, pictures and animations as files.

Imports architectures, runs and what is below them.
"""

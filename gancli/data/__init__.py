"""Images: found, listed, prepared, cached, streamed and dealt in batches.

Imports plugins, compute and base.
"""

"""Images: their sources are listed, and images are prepared, cached, streamed and drawn in batches.

Imports plugins, compute and base.
"""

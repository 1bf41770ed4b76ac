"""Settings: their schema, partial layers and how they merge, the parts chosen by name, TOML, sources, presets.

Imports data and what is below it.
"""

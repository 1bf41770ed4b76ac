"""Settings: their schema, partial layers and how they merge, the parts chosen by name, TOML, sources, presets.

Imports data and what is below it.
"""

from gancli.base.moved import keep_old_names

keep_old_names(globals())

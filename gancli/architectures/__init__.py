"""Networks: the contract, the built-in ones and their layers, latents, and what a model can be asked for.

Imports data and what is below it.
"""

from gancli.base.moved import keep_old_names

keep_old_names(globals())

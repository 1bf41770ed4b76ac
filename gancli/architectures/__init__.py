"""Networks: the contract of architectures, the built-in ones and their layers, latents, options of sampling.

Imports data and what is below it.
"""

from gancli.base.moved import keep_old_names

keep_old_names(globals())

"""Making images: a trained model out of a checkpoint, the sampler, pictures and animations as files.

Imports architectures, runs and what is below them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

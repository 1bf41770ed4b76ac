"""WebDataset's shards for gancli: what this package adds, by name. Nothing is imported until it is used."""

from gancli import Add, hookimpl

gancli_api = 1


@hookimpl
def gancli_register(add: Add) -> None:
    add(
        "dataset",
        "webdataset",
        "gancli_webdataset.dataset:WebDataset",
        "Samples in tar shards, read in place.",
    )

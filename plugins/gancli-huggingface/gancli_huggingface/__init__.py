"""Hugging Face's datasets for gancli: what this package adds, by name. Nothing is imported until it is used."""

from gancli import Add, hookimpl

gancli_api = 1


@hookimpl
def gancli_register(add: Add) -> None:
    add("dataset", "huggingface", "gancli_huggingface.dataset:HuggingFace", "huggingface:NAME[:SPLIT], or its files.")

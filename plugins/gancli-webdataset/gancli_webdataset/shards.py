"""The samples of shards as pictures, in an order that keeps to a few shards at a time."""

import numpy as np
from PIL import Image

from gancli import Records, Tarball, labelled, open_picture
from gancli_webdataset.listing import Listing, name_of


class Shards(Records):
    """Reads an image where the listing says that it lies; one shard at a time is open in each process."""

    def __init__(self, listing: Listing, mix: int) -> None:
        self.listing, self.mix = listing, mix
        self.skipped, self.fingerprint = listing.skipped, listing.fingerprint
        self.anywhere = all(shard.anywhere for shard in listing.tarballs)
        self.shard_of = np.array([row.shard for row in listing.rows])
        if any(row.label is not None for row in listing.rows):
            self.labels, self.classes = labelled([row.label or "" for row in listing.rows])
        self._open = listing.tarballs[0]

    def __len__(self) -> int:
        return len(self.listing.rows)

    def picture(self, number: int) -> Image.Image:
        row = self.listing.rows[number]
        return open_picture(self._shard(row.shard).read(row.at, row.size))

    def name(self, number: int) -> str:
        row = self.listing.rows[number]
        return name_of(self.listing.tarballs[row.shard], row.key)

    def order(self, rng: np.random.Generator, numbers: np.ndarray) -> np.ndarray:
        """Groups of `mix` shards in random order; within a group any order of the samples is as likely as another."""
        shards = self.shard_of[numbers]
        groups = rng.permutation(len(self.listing.tarballs))[shards] // self.mix
        return numbers[np.lexsort((rng.random(len(numbers)), groups))]

    def _shard(self, number: int) -> Tarball:
        shard = self.listing.tarballs[number]
        if shard is not self._open:
            self._open.close()
            self._open = shard
        return shard

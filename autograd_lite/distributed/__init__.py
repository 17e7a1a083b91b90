"""Learning on Dask: from more data than memory holds, on more machines than one.

In each step every worker adds up loss and gradient over blocks of rows. These sums are added in a
tree over the numbers of the blocks, so that bits depend on neither workers nor chunks.
"""

from autograd_lite.distributed.on_dask import learn

__all__ = ["learn"]

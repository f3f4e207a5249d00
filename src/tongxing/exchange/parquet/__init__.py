"""Parquet files of others: a process with limits writes them anew before anything reads them."""

from tongxing.exchange.parquet.opening import rewrite_parquet

__all__ = ["rewrite_parquet"]

"""Clears Parquet files of rides: one definition of the pipeline, run by DuckDB or by Apache Spark.

What a row is stands in `layout`, what it can be found to be in `findings`, dated tables in `rules`,
the pipeline in `steps`, who runs it in `engines`; `running` puts the steps in order, `money` hands
totals to the hub's own netting, `writing` writes what came of it. docs/clearing.md is its page.
"""

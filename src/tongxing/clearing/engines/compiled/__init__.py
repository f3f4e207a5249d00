"""DuckDB's third way: one scan in which rows are judged by compiled code.

The expressions are those of the steps, which DuckDB and Spark are given as SQL; here they are
turned into a loop over columns that DuckDB reads. Nothing is decided here, and what cannot be
compiled is left to SQL. Importing `pieces` needs numba; what is compiled imports it when asked.
"""

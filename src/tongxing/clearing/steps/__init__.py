"""The pipeline itself: Ibis expressions over named tables, which no engine is named in.

Whole numbers only, every division of what is not negative and below 2^53, nothing that depends on
the order of rows: so DuckDB and Apache Spark give the same numbers.
"""

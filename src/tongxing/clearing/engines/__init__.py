"""Who runs the pipeline: DuckDB on this machine, or Apache Spark on a cluster.

An engine reads tables, keeps what an expression says, and hands small answers over; it decides
nothing. Every file that leaves is written by `clearing.writing`, whoever ran the pipeline.
"""

from tongxing.clearing.engines.duck import DuckEngine
from tongxing.clearing.engines.engine import Engine, EngineFault

__all__ = ["DuckEngine", "Engine", "EngineFault"]

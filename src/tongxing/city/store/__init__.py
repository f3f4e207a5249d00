"""The city's tables in PostgreSQL. SQL of the city stands here and nowhere else."""

MIGRATIONS = "tongxing.city.store.migrations"

"""SQL of the simulation's own notes: which run filled this database."""

"""The tables of people: personal data, apart from the books. SQL of people stands here only."""

MIGRATIONS = "tongxing.city.people.store.migrations"

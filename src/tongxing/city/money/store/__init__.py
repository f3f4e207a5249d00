"""The tables of passengers' money (``city/store/migrations/0006_money.sql``)."""

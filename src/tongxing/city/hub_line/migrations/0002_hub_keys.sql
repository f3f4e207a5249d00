-- The hub's public keys as this city knows them, in the form of hub.vkey; the newest row counts.

CREATE TABLE hub_keys (
    number    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    content   text   NOT NULL,
    learned_s bigint NOT NULL
);

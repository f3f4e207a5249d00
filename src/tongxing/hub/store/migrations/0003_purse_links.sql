-- Purchases as cards signed them, of records that stand: a purse's own chain of counters and balances.
-- The same purchase told by two records (a trip's revisions, or the next trip of the same tap) is one.

CREATE TABLE purse_link (
    card       text COLLATE "C" NOT NULL,
    counter    int    NOT NULL,
    mark       text COLLATE "C" NOT NULL,     -- what the card signed
    before_fen bigint NOT NULL,
    amount_fen bigint NOT NULL,
    record_id  text   NOT NULL,               -- the record that told it first
    PRIMARY KEY (card, counter, mark)
);

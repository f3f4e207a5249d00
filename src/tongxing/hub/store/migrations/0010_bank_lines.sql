-- What the bank's own statements say of the settlement account, line by line, and every line that does
-- not fit the books until it is explained or somebody ends it.

CREATE TABLE bank_statement (
    statement_id text COLLATE "C" PRIMARY KEY,
    message      text   NOT NULL,
    until_s      bigint,                      -- up to when it tells of every line; null for a notice
    closing_fen  bigint,
    sha256       text   NOT NULL,
    taken_s      bigint NOT NULL
);

CREATE TABLE bank_line (
    bank_reference text COLLATE "C" PRIMARY KEY,
    end_to_end_id  text COLLATE "C" NOT NULL,
    amount_fen     bigint NOT NULL,           -- above zero: came in
    statement_id   text COLLATE "C" NOT NULL REFERENCES bank_statement,
    matched        boolean NOT NULL DEFAULT false
);
CREATE INDEX bank_line_by_payment ON bank_line (end_to_end_id);
CREATE INDEX bank_line_unmatched ON bank_line (bank_reference) WHERE NOT matched;

CREATE TABLE bank_break (
    break_no   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text   NOT NULL,
    reference  text COLLATE "C" NOT NULL,     -- the bank's line, or the payment that has none
    amount_fen bigint NOT NULL,               -- what the bank has more than the books
    found_s    bigint NOT NULL,
    ended_s    bigint,
    ended_by   text,
    ending     text,
    CHECK ((ended_s IS NULL) = (ended_by IS NULL) AND (ended_s IS NULL) = (ending IS NULL))
);
CREATE UNIQUE INDEX bank_break_open ON bank_break (kind, reference) WHERE ended_s IS NULL;

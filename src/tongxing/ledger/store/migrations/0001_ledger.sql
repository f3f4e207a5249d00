-- Double entry: postings and their lines. Nothing here is ever updated or deleted.

CREATE TABLE posting (
    posting_id text PRIMARY KEY,
    kind       text   NOT NULL,
    occurred_s bigint NOT NULL,
    booked_on  date   NOT NULL,
    source     text   NOT NULL
);
CREATE INDEX posting_by_source ON posting (source);

-- Lines are written in the same transaction as their posting; a foreign key would be checked row
-- by row and cost more than all else, so the proofs look for lines without a posting instead.
CREATE TABLE posting_line (
    posting_id text     NOT NULL,
    line       smallint NOT NULL,
    entity     text     NOT NULL,
    account    text     NOT NULL,
    amount_fen bigint   NOT NULL CHECK (amount_fen <> 0),
    PRIMARY KEY (posting_id, line)
);
CREATE INDEX posting_line_by_account ON posting_line (entity, account);

-- History is added to, never edited: the database itself says no.
CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % on % refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER posting_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON posting
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER posting_line_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON posting_line
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();

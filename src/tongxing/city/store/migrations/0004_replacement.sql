-- Media that prove nothing of what they say (M1), cards that took another's place, and what of an
-- old card's money was loaded onto the new one. What a counter did is evidence, never edited.

ALTER TABLE medium ADD COLUMN trust text NOT NULL DEFAULT 'proven'
    CHECK (trust IN ('proven', 'legacy_untrusted'));
CREATE INDEX medium_legacy ON medium (medium_no) WHERE trust = 'legacy_untrusted';
CREATE INDEX issuer_record_by_medium ON issuer_record (medium_no);

CREATE TABLE replacement (
    request_id text PRIMARY KEY,              -- made by the caller: the same request counts once
    old_no     text   NOT NULL UNIQUE,
    new_no     text   NOT NULL UNIQUE,
    why        text   NOT NULL CHECK (why IN ('legacy', 'damaged', 'expired')),
    fee_fen    bigint NOT NULL CHECK (fee_fen >= 0),
    ready_s    bigint NOT NULL,               -- from here on the old purse's money may be loaded
    decided_s  bigint NOT NULL,
    decided_by text   NOT NULL,
    CHECK (old_no <> new_no)
);

-- Money of replaced purses on its way onto the chip of the card that took their place.
CREATE TABLE replacement_load (
    request_id text PRIMARY KEY,
    new_no     text   NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    started_s  bigint NOT NULL,
    started_by text   NOT NULL
);
CREATE INDEX replacement_load_by_medium ON replacement_load (new_no);

CREATE TABLE replacement_load_part (          -- from which old purse how much
    request_id text   NOT NULL,
    rider_id   text   NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    PRIMARY KEY (request_id, rider_id)
);

CREATE TABLE replacement_load_end (           -- what the counter saw on the chip
    request_id text PRIMARY KEY,
    loaded     boolean NOT NULL,
    ended_s    bigint  NOT NULL,
    ended_by   text    NOT NULL
);

-- What the issuer bears because a replaced or legacy purse spent more than it had; its sum per rider
-- is what is borne now, and never below zero.
CREATE TABLE purse_cover (
    rider_id   text   NOT NULL,
    number     int    NOT NULL,               -- 1, 2, … of this rider
    amount_fen bigint NOT NULL CHECK (amount_fen <> 0),
    occurred_s bigint NOT NULL,
    PRIMARY KEY (rider_id, number)
);

CREATE FUNCTION what_a_counter_did_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what a counter did is append-only: % on % refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER replacement_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON replacement FOR EACH STATEMENT EXECUTE FUNCTION what_a_counter_did_is_append_only();
CREATE TRIGGER replacement_load_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON replacement_load FOR EACH STATEMENT EXECUTE FUNCTION what_a_counter_did_is_append_only();
CREATE TRIGGER replacement_load_part_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON replacement_load_part FOR EACH STATEMENT EXECUTE FUNCTION what_a_counter_did_is_append_only();
CREATE TRIGGER replacement_load_end_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON replacement_load_end FOR EACH STATEMENT EXECUTE FUNCTION what_a_counter_did_is_append_only();
CREATE TRIGGER purse_cover_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON purse_cover FOR EACH STATEMENT EXECUTE FUNCTION what_a_counter_did_is_append_only();

-- A card and an account become one (卡码一体): how far each binding has come, what its card signed,
-- the purse's money on its way, and whom gates tell that their card is bound now. What a card
-- signed and what happened is evidence, never edited; only the row of a binding moves on.

ALTER TABLE medium ADD COLUMN issued_on date;   -- when we handed it out; null where nobody noted it
ALTER TABLE medium ADD COLUMN purse_rider text NOT NULL DEFAULT '';  -- who pays what its purse paid
ALTER TABLE medium ADD COLUMN bound_s bigint NOT NULL DEFAULT 0;     -- since when it is an account's
CREATE INDEX medium_by_purse_rider ON medium (purse_rider) WHERE purse_rider <> '';

CREATE TABLE binding (
    binding_id       text PRIMARY KEY,
    request_id       text   NOT NULL UNIQUE,  -- made by the caller: the same request counts once
    person_id        text   NOT NULL,
    account          text   NOT NULL,
    channel          text   NOT NULL CHECK (channel IN ('nfc', 'reader', 'branch', 'machine')),
    step             text   NOT NULL CHECK (step IN
                     ('begun', 'proven', 'mandated', 'moving', 'sealing', 'active', 'ended')),
    medium_no        text   NOT NULL DEFAULT '',  -- reserved from its proof on
    purse            text   NOT NULL DEFAULT '',  -- its application, ids and keys, JSON
    card_balance_fen bigint NOT NULL DEFAULT 0,   -- as the chip said it last
    keep_fen         bigint NOT NULL DEFAULT 0,
    moved_fen        bigint NOT NULL DEFAULT 0,
    begun_s          bigint NOT NULL,
    changed_s        bigint NOT NULL,             -- its last step
    from_s           bigint,                      -- since when its money is the account's
    hold_until_s     bigint,
    ended_why        text   NOT NULL DEFAULT '',
    busy_by          text   NOT NULL DEFAULT '',  -- who talks to its card now
    busy_until_s     bigint NOT NULL DEFAULT 0,
    CHECK ((step = 'ended') = (ended_why <> ''))
);
CREATE INDEX binding_by_person ON binding (person_id, begun_s);
CREATE INDEX binding_by_account ON binding (account);
CREATE UNIQUE INDEX binding_of_card ON binding (medium_no)
    WHERE step <> 'ended' AND medium_no <> '';
CREATE UNIQUE INDEX binding_under_way ON binding (account) WHERE step NOT IN ('active', 'ended');

CREATE TABLE binding_event (
    binding_id text   NOT NULL,
    number     int    NOT NULL,               -- 1, 2, … of this binding
    event      text   NOT NULL,
    before     text   NOT NULL,               -- '' for the first
    after      text   NOT NULL,
    at_s       bigint NOT NULL,
    by         text   NOT NULL,               -- 'rider', or the staff member
    detail     text   NOT NULL DEFAULT '',
    PRIMARY KEY (binding_id, number)
);

-- What a card was asked to sign: terminal, serial and time nobody could foresee.
CREATE TABLE binding_nonce (
    terminal_no text   NOT NULL,
    serial      bigint NOT NULL,
    binding_id  text   NOT NULL,
    time        text   NOT NULL,              -- as it stands in what is signed
    asked_s     bigint NOT NULL,
    PRIMARY KEY (terminal_no, serial)
);
CREATE TABLE binding_proof (                  -- a genuine card's answer, once for each nonce
    terminal_no text   NOT NULL,
    serial      bigint NOT NULL,
    binding_id  text   NOT NULL,
    medium_no   text   NOT NULL,
    amount_fen  bigint NOT NULL CHECK (amount_fen >= 0),
    proof       text   NOT NULL,              -- all that its issuer needs to compute it again, JSON
    taken_s     bigint NOT NULL,
    PRIMARY KEY (terminal_no, serial)
);

-- The purse's money: written before the card is told to pay, ended when it is known what it did.
CREATE TABLE binding_move (
    binding_id text   NOT NULL,
    number     int    NOT NULL,               -- 1, 2, … of this binding
    amount_fen bigint NOT NULL CHECK (amount_fen >= 0),
    unfinished text   NOT NULL,               -- JSON
    begun_s    bigint NOT NULL,
    PRIMARY KEY (binding_id, number)
);
CREATE TABLE binding_move_end (
    binding_id text    NOT NULL,
    number     int     NOT NULL,
    done       boolean NOT NULL,
    ended_s    bigint  NOT NULL,
    ended_by   text    NOT NULL,              -- 'card', or the staff member who cleared it up
    PRIMARY KEY (binding_id, number, done)
);

-- Whom the gates tell at the next tap that the card is bound: state, not evidence.
CREATE TABLE binding_notice (
    binding_id   text PRIMARY KEY,
    medium_no    text   NOT NULL,
    account      text   NOT NULL,
    from_s       bigint NOT NULL,
    list_version int                          -- the first deny list that carried it
);
CREATE INDEX binding_notice_from ON binding_notice (from_s);

CREATE FUNCTION what_a_binding_shows_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what a binding shows is append-only: % on % refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER binding_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON binding_event FOR EACH STATEMENT EXECUTE FUNCTION what_a_binding_shows_is_append_only();
CREATE TRIGGER binding_nonce_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON binding_nonce FOR EACH STATEMENT EXECUTE FUNCTION what_a_binding_shows_is_append_only();
CREATE TRIGGER binding_proof_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON binding_proof FOR EACH STATEMENT EXECUTE FUNCTION what_a_binding_shows_is_append_only();
CREATE TRIGGER binding_move_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON binding_move FOR EACH STATEMENT EXECUTE FUNCTION what_a_binding_shows_is_append_only();
CREATE TRIGGER binding_move_end_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON binding_move_end FOR EACH STATEMENT EXECUTE FUNCTION what_a_binding_shows_is_append_only();

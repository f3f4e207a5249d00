-- Lost media: from when who bears what, what the issuer bore, what was found in an old purse; and
-- bindings that somebody who holds the card disputes. All of it is evidence, never edited.

ALTER TABLE replacement DROP CONSTRAINT replacement_why_check;
ALTER TABLE replacement ADD CONSTRAINT replacement_why_check
    CHECK (why IN ('legacy', 'damaged', 'expired', 'lost', 'unbound'));

CREATE TABLE loss_report (
    report_id   text PRIMARY KEY,             -- made by the caller: the same request counts once
    account     text   NOT NULL,
    medium_no   text   NOT NULL,
    purse_rider text   NOT NULL,              -- whose is what is left in the card's own purse, or ''
    reported_s  bigint NOT NULL,
    effective_s bigint NOT NULL,              -- from here on the issuer bears what is ridden
    money_s     bigint NOT NULL,              -- from here on what is left in the purse is found
    CHECK (reported_s <= effective_s AND effective_s <= money_s)
);
CREATE INDEX loss_report_by_account ON loss_report (account);
CREATE INDEX loss_report_by_medium ON loss_report (medium_no);
CREATE INDEX loss_report_by_purse ON loss_report (purse_rider) WHERE purse_rider <> '';

CREATE TABLE loss_lifted (                    -- found again
    report_id  text PRIMARY KEY REFERENCES loss_report,
    request_id text   NOT NULL UNIQUE,
    lifted_s   bigint NOT NULL
);

-- What the issuer bears of trips with a lost medium; its sum per trip is what is borne now.
CREATE TABLE loss_borne (
    trip_key   text   NOT NULL,               -- trip id here, <city>|<trip id> of a ride elsewhere
    number     int    NOT NULL,               -- 1, 2, … of this trip
    rider_id   text   NOT NULL,
    report_id  text   NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen <> 0),
    PRIMARY KEY (trip_key, number)
);
CREATE INDEX loss_borne_by_rider ON loss_borne (rider_id);
CREATE INDEX loss_borne_by_report ON loss_borne (report_id);

CREATE TABLE loss_found (                     -- what the purse still had went to the account, once
    report_id   text PRIMARY KEY REFERENCES loss_report,
    purse_rider text   NOT NULL,
    account     text   NOT NULL,
    amount_fen  bigint NOT NULL CHECK (amount_fen >= 0),
    found_s     bigint NOT NULL
);
CREATE UNIQUE INDEX loss_found_once ON loss_found (purse_rider);

CREATE TABLE dispute (
    case_id    text PRIMARY KEY,              -- made by the caller: the same request counts once
    binding_id text   NOT NULL,
    account    text   NOT NULL,
    medium_no  text   NOT NULL,
    by_card    boolean NOT NULL,              -- proven by the card itself, or by a person's identity
    proof_id   text   NOT NULL UNIQUE,        -- a proof of possession counts once
    claimant   text   NOT NULL,               -- person id, '' where only the card is known
    moved_fen  bigint NOT NULL CHECK (moved_fen >= 0),
    from_s     bigint NOT NULL,               -- since when the card was bound
    raised_s   bigint NOT NULL,
    deadline_s bigint NOT NULL,
    note       text   NOT NULL
);
CREATE INDEX dispute_by_binding ON dispute (binding_id);
CREATE INDEX dispute_by_account ON dispute (account);
CREATE INDEX dispute_by_medium ON dispute (medium_no);

CREATE TABLE dispute_join (                   -- the card itself took over what a person began
    case_id           text PRIMARY KEY REFERENCES dispute,
    joined_proof_id   text   NOT NULL UNIQUE,
    joined_deadline_s bigint NOT NULL
);

CREATE TABLE dispute_claim (                  -- by a typed number, whatever it found: they are few
    request_id text PRIMARY KEY,              -- the case id where it began one
    person_id  text   NOT NULL,
    medium_no  text   NOT NULL,               -- as typed, known or not
    claimed_s  bigint NOT NULL,
    answer     text   NOT NULL                -- '' where it began a case, else why it did not
);
CREATE INDEX dispute_claim_by_person ON dispute_claim (person_id, claimed_s);

CREATE TABLE dispute_step (
    case_id    text   NOT NULL REFERENCES dispute,
    number     int    NOT NULL,               -- 1, 2, … of this case
    request_id text   NOT NULL UNIQUE,
    kind       text   NOT NULL CHECK (kind IN
        ('evidence', 'propose', 'approve', 'send_back', 'withdraw', 'lapse', 'join')),
    outcome    text   NOT NULL CHECK (outcome IN ('', 'back', 'released')),
    done_by    text   NOT NULL,
    done_s     bigint NOT NULL,
    note       text   NOT NULL,
    PRIMARY KEY (case_id, number)
);

CREATE TABLE dispute_end (                    -- where the money is
    case_id   text PRIMARY KEY REFERENCES dispute,
    outcome   text   NOT NULL CHECK (outcome IN ('back', 'released')),
    back_fen  bigint NOT NULL CHECK (back_fen >= 0),   -- to the card's own purse
    borne_fen bigint NOT NULL CHECK (borne_fen >= 0),  -- of it, what the account no longer had
    ended_s   bigint NOT NULL,
    CHECK (borne_fen <= back_fen)
);

CREATE FUNCTION what_was_said_of_a_loss_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was said of a loss is append-only: % on % refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER loss_report_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON loss_report FOR EACH STATEMENT EXECUTE FUNCTION what_was_said_of_a_loss_is_append_only();
CREATE TRIGGER loss_lifted_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON loss_lifted FOR EACH STATEMENT EXECUTE FUNCTION what_was_said_of_a_loss_is_append_only();
CREATE TRIGGER loss_borne_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON loss_borne FOR EACH STATEMENT EXECUTE FUNCTION what_was_said_of_a_loss_is_append_only();
CREATE TRIGGER loss_found_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON loss_found FOR EACH STATEMENT EXECUTE FUNCTION what_was_said_of_a_loss_is_append_only();
CREATE TRIGGER dispute_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON dispute FOR EACH STATEMENT EXECUTE FUNCTION what_was_said_of_a_loss_is_append_only();
CREATE TRIGGER dispute_step_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON dispute_step FOR EACH STATEMENT EXECUTE FUNCTION what_was_said_of_a_loss_is_append_only();
CREATE TRIGGER dispute_end_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON dispute_end FOR EACH STATEMENT EXECUTE FUNCTION what_was_said_of_a_loss_is_append_only();
CREATE TRIGGER dispute_join_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON dispute_join FOR EACH STATEMENT EXECUTE FUNCTION what_was_said_of_a_loss_is_append_only();
CREATE TRIGGER dispute_claim_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON dispute_claim FOR EACH STATEMENT EXECUTE FUNCTION what_was_said_of_a_loss_is_append_only();

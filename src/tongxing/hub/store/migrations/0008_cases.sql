-- Disputes between members: case files as they came, cases as they stand, every step for good, and the
-- money of each step until a window nets it.

CREATE TABLE case_file (
    sender     text COLLATE "C" NOT NULL REFERENCES member,
    file_id    text COLLATE "C" NOT NULL,
    sha256     text   NOT NULL,
    received_s bigint NOT NULL,
    message    bytea  NOT NULL,
    answer     bytea  NOT NULL,
    PRIMARY KEY (sender, file_id)
);

CREATE TABLE dispute_case (
    case_id       text COLLATE "C" PRIMARY KEY,
    record_id     text COLLATE "C" NOT NULL REFERENCES record,
    trip_id       text   NOT NULL,
    issuer        text COLLATE "C" NOT NULL REFERENCES member,
    acquirer      text COLLATE "C" NOT NULL REFERENCES member,
    opened_by     text   NOT NULL CHECK (opened_by IN ('issuer', 'acquirer')),
    opened_s      bigint NOT NULL,
    terms         text   NOT NULL,            -- the version of the case terms it was opened under
    stage         text   NOT NULL,            -- an ending once ended_s is set
    stage_s       bigint NOT NULL,
    amount_fen    bigint NOT NULL CHECK (amount_fen >= 0),
    escrow_fen    bigint NOT NULL CHECK (escrow_fen >= 0),
    frozen_s      bigint,
    pause_days    int    NOT NULL,
    freezes       int    NOT NULL,
    proposed_by   text   NOT NULL,
    proposed_fen  bigint NOT NULL,
    ended_s       bigint,
    to_issuer_fen bigint NOT NULL,
    disputed      boolean NOT NULL,           -- it was charged back, or claimed as a small claim
    due_s         bigint,                     -- the first second too late for the next step
    turn          text   NOT NULL,
    CHECK ((ended_s IS NULL) = (due_s IS NOT NULL)),
    CHECK (ended_s IS NULL OR escrow_fen = 0)
);
CREATE UNIQUE INDEX dispute_case_open ON dispute_case (trip_id) WHERE ended_s IS NULL;
CREATE INDEX dispute_case_due ON dispute_case (due_s) WHERE ended_s IS NULL;
CREATE INDEX dispute_case_by_trip ON dispute_case (trip_id);

CREATE TABLE case_event (
    case_id    text COLLATE "C" NOT NULL REFERENCES dispute_case,
    number     int    NOT NULL,
    act        text   NOT NULL,
    done_by    text   NOT NULL,               -- a member, a person of the hub, or the hub itself
    at_s       bigint NOT NULL,
    window_id  text COLLATE "C" NOT NULL,     -- the window in which it is told
    stage      text   NOT NULL,               -- after it
    turn       text   NOT NULL,
    due_s      bigint,
    amount_fen bigint NOT NULL,
    reason     text   NOT NULL,
    note       text   NOT NULL,
    evidence   text   NOT NULL,               -- JSON: names and SHA-256
    PRIMARY KEY (case_id, number)
);
CREATE INDEX case_event_by_window ON case_event (window_id);
CREATE TRIGGER case_event_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON case_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE case_money (
    case_id    text COLLATE "C" NOT NULL REFERENCES dispute_case,
    number     int    NOT NULL,
    kind       text   NOT NULL,
    debtor     text COLLATE "C" NOT NULL,     -- a member, or an account of the hub
    creditor   text COLLATE "C" NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    at_s       bigint NOT NULL,
    due_window text COLLATE "C" NOT NULL,     -- not netted before this window
    window_id  text COLLATE "C" REFERENCES clearing_window, -- the one that netted it
    operators  text[]   NOT NULL,
    share_fen  bigint[] NOT NULL,
    PRIMARY KEY (case_id, number)
);
CREATE INDEX case_money_waiting ON case_money (due_window) WHERE window_id IS NULL;
CREATE INDEX case_money_by_window ON case_money (window_id);

-- What of a pair's money is of cases and not of records.
ALTER TABLE pair_net ADD COLUMN adjusted_fen bigint NOT NULL DEFAULT 0;
ALTER TABLE pair_net ADD COLUMN adjustments int NOT NULL DEFAULT 0;

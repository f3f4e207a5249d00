-- The settlement day as it is worked: which record files were whole in the inbox and when, how far each
-- day is, what the bank reported. A step that is done is written down once, and never changed.

CREATE TABLE settlement_day (
    window_id text COLLATE "C" PRIMARY KEY,
    opened_s  bigint NOT NULL
);

CREATE TABLE day_step (
    window_id text COLLATE "C" NOT NULL REFERENCES settlement_day,
    step      text   NOT NULL CHECK (step IN ('receive', 'admit', 'expire', 'answer', 'close', 'prove',
                                              'publish', 'settle', 'finish')),
    done_s    bigint NOT NULL,
    done_by   text   NOT NULL,
    figures   text   NOT NULL,                -- what it came to, JSON
    PRIMARY KEY (window_id, step)
);

CREATE FUNCTION day_step_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a step of a settlement day is final: % refused', TG_OP;
END $$;
CREATE TRIGGER day_step_final BEFORE UPDATE OR DELETE OR TRUNCATE ON day_step
    FOR EACH STATEMENT EXECUTE FUNCTION day_step_is_final();

-- A record file that was whole in the inbox, each time that it was delivered.
CREATE TABLE arrival (
    manifest_sha256 text   NOT NULL,
    data_sha256     text   NOT NULL,
    name            text COLLATE "C" NOT NULL,
    received_s      bigint NOT NULL,          -- the second that decides its window
    code            text   NOT NULL DEFAULT '', -- '' while it waits, OK, or why it was refused
    PRIMARY KEY (manifest_sha256, received_s)
);
CREATE INDEX arrival_waiting ON arrival (received_s, name) WHERE code = '';

-- A report of the bank, each time that it was delivered.
CREATE TABLE bank_report (
    sha256     text   NOT NULL,
    name       text COLLATE "C" NOT NULL,
    received_s bigint NOT NULL,
    code       text   NOT NULL DEFAULT '',
    PRIMARY KEY (sha256, received_s)
);
CREATE INDEX bank_report_waiting ON bank_report (received_s, name) WHERE code = '';

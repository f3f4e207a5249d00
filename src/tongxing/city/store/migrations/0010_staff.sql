-- Staff of counters and station machines: who they are, what they may do, and their sessions. Only
-- hashes of secrets stand here.

CREATE TABLE staff (
    staff_id     text PRIMARY KEY,
    name         text   NOT NULL,
    roles        text[] NOT NULL,
    place        text   NOT NULL,              -- branch or station; '' for everywhere
    secret_hash  bytea  NOT NULL,
    added_s      bigint NOT NULL,
    added_by     text   NOT NULL,
    ended_s      bigint
);

-- Wrong secrets in a row, by who tried from where: a stranger elsewhere locks nobody out.
CREATE TABLE staff_try (
    who            bytea  PRIMARY KEY,         -- hash of staff number and client
    wrong          int    NOT NULL,
    locked_until_s bigint NOT NULL,
    seen_s         bigint NOT NULL
);
CREATE INDEX staff_try_by_age ON staff_try (seen_s);

CREATE TABLE staff_session (
    token_hash bytea  PRIMARY KEY,
    staff_id   text   NOT NULL,
    began_s    bigint NOT NULL,
    seen_s     bigint NOT NULL,
    ended_s    bigint
);
CREATE INDEX staff_session_by_staff ON staff_session (staff_id);

-- What staff did, in the order they did it: never edited.
CREATE TABLE staff_act (
    act_no   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_s     bigint NOT NULL,
    staff_id text   NOT NULL,
    act      text   NOT NULL,
    subject  text   NOT NULL,                  -- an id of ours, never a name, phone or ID number
    why      text   NOT NULL,
    result   text   NOT NULL                   -- DONE, or the code of the refusal
);
CREATE INDEX staff_act_by_staff ON staff_act (staff_id, at_s);

CREATE FUNCTION what_staff_did_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what staff did is append-only: % on % refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER staff_act_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON staff_act FOR EACH STATEMENT EXECUTE FUNCTION what_staff_did_is_append_only();

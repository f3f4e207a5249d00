-- The people behind accounts. Whatever names, reaches or identifies a person lies sealed in
-- person_cell, under keys that are not in the database; it is found again by blind indexes only.
-- The books (city_<code>) know the account number, and nothing else of these tables.

CREATE TABLE person (
    person_id     text PRIMARY KEY,
    account       text     NOT NULL UNIQUE,
    level         smallint NOT NULL CHECK (level BETWEEN 0 AND 2),
    minor_until_s bigint,                     -- only while a guardian's consent is needed
    guardian_id   text REFERENCES person,
    opened_s      bigint   NOT NULL,
    closed_s      bigint
);

CREATE TABLE person_cell (
    table_name  text  NOT NULL,
    row_id      text  NOT NULL,
    field       text  NOT NULL,
    key_version int   NOT NULL,
    sealed      bytea NOT NULL,               -- bound to its table, field, row and key version
    PRIMARY KEY (table_name, row_id, field)
);
CREATE INDEX person_cell_by_key ON person_cell (key_version);

CREATE TABLE person_index (                   -- one person per phone, and per identity number
    domain    text NOT NULL,
    version   int  NOT NULL,
    value     text NOT NULL,
    person_id text NOT NULL REFERENCES person,
    PRIMARY KEY (domain, version, value),
    UNIQUE (domain, version, person_id)
);
CREATE INDEX person_index_by_person ON person_index (person_id);

-- One-time codes: neither the number nor the code can be read here.
CREATE TABLE person_code (
    code_id      text PRIMARY KEY,
    phone_index  text     NOT NULL,
    client_index text     NOT NULL,
    purpose      text     NOT NULL,
    session_hash text     NOT NULL,
    code_hash    text     NOT NULL,
    asked_s      bigint   NOT NULL,
    expires_s    bigint   NOT NULL,
    tries_left   smallint NOT NULL CHECK (tries_left >= 0),
    state        text     NOT NULL CHECK (state IN ('sent', 'failed', 'used'))
);
CREATE INDEX person_code_by_phone ON person_code (phone_index, asked_s);
CREATE INDEX person_code_by_client ON person_code (client_index, asked_s);
CREATE INDEX person_code_by_time ON person_code (asked_s);

CREATE TABLE person_try (                     -- each try of a code, for the breaker
    at_s         bigint  NOT NULL,
    client_index text    NOT NULL,
    is_right     boolean NOT NULL,
    is_live      boolean NOT NULL DEFAULT true  -- there was a code that the try could hit
);
CREATE INDEX person_try_by_time ON person_try (at_s);

CREATE TABLE person_identity_try (            -- questions to the register of identities cost money
    person_id text   NOT NULL,
    at_s      bigint NOT NULL
);
CREATE INDEX person_identity_try_by_person ON person_identity_try (person_id, at_s);

CREATE TABLE person_session (
    session_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id  text   NOT NULL REFERENCES person,
    token_hash text   NOT NULL UNIQUE,
    begun_s    bigint NOT NULL,
    seen_s     bigint NOT NULL,
    ends_s     bigint NOT NULL,
    ended_s    bigint
);
CREATE INDEX person_session_by_person ON person_session (person_id);

CREATE TABLE person_fresh (                   -- a session that proved its phone once more
    session_no bigint NOT NULL REFERENCES person_session ON DELETE CASCADE,
    purpose    text   NOT NULL,
    until_s    bigint NOT NULL,
    PRIMARY KEY (session_no, purpose)
);

CREATE TABLE person_consent (                 -- evidence; what holds now is the newest row
    number    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id text   NOT NULL REFERENCES person,
    text_id   text   NOT NULL,
    version   text   NOT NULL,
    act       text   NOT NULL CHECK (act IN ('given', 'withdrawn')),
    channel   text   NOT NULL,
    given_by  text   NOT NULL REFERENCES person,  -- a minor's guardian, else the person
    at_s      bigint NOT NULL
);
CREATE INDEX person_consent_by_person ON person_consent (person_id, text_id, number);

CREATE TABLE person_help (
    help_id        text PRIMARY KEY,
    helper_id      text   NOT NULL REFERENCES person,
    helped_id      text   NOT NULL REFERENCES person,
    relation       text   NOT NULL,
    device_version int    NOT NULL,
    device_index   text   NOT NULL,
    from_s         bigint NOT NULL,
    ended_s        bigint,                    -- the slot stays taken for a while after this
    ended_by       text,
    CHECK (helper_id <> helped_id)
);
CREATE UNIQUE INDEX person_help_once ON person_help (helper_id, helped_id) WHERE ended_s IS NULL;
CREATE INDEX person_help_by_helped ON person_help (helped_id);
CREATE INDEX person_help_by_device ON person_help (device_index);

CREATE TABLE person_lookup (                  -- every look of staff at a person, refused ones too
    number    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    staff     text   NOT NULL,
    purpose   text   NOT NULL,
    ticket    text   NOT NULL,
    what      text   NOT NULL,                -- find:phone, reveal:name, …
    person_id text   NOT NULL,                -- '' where nobody was found
    outcome   text   NOT NULL,                -- 'shown', or the reason of the refusal
    at_s      bigint NOT NULL
);
CREATE INDEX person_lookup_by_staff ON person_lookup (staff, at_s);
CREATE INDEX person_lookup_by_person ON person_lookup (person_id);
CREATE INDEX person_lookup_by_time ON person_lookup (at_s);

CREATE TABLE person_notice (
    notice_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id text   NOT NULL REFERENCES person,
    kind      text   NOT NULL,
    details   text   NOT NULL,                -- values of its text, JSON; masked where personal
    at_s      bigint NOT NULL,
    read_s    bigint
);
CREATE INDEX person_notice_by_person ON person_notice (person_id, notice_id);

CREATE TABLE person_feedback (                -- its text is a cell
    feedback_id text PRIMARY KEY,
    person_id   text   NOT NULL REFERENCES person,
    about       text   NOT NULL,
    at_s        bigint NOT NULL
);
CREATE INDEX person_feedback_by_time ON person_feedback (at_s);

CREATE TABLE person_request (                 -- the same request counts once
    request_id text PRIMARY KEY,
    kind       text   NOT NULL,
    content    text   NOT NULL,               -- blind index of what was asked
    person_id  text   NOT NULL REFERENCES person,
    at_s       bigint NOT NULL
);

CREATE FUNCTION evidence_of_people_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'evidence of people is append-only: % on % refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER person_consent_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON person_consent FOR EACH STATEMENT EXECUTE FUNCTION evidence_of_people_is_append_only();
CREATE TRIGGER person_lookup_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON person_lookup FOR EACH STATEMENT EXECUTE FUNCTION evidence_of_people_is_append_only();

-- Ride codes: which phone of which account may show codes, and until when. What was granted is
-- evidence, never edited; a phone and a choice are kept as they are now, beside it.

CREATE TABLE code_account (                   -- one row an account: what its requests queue at
    account  text PRIMARY KEY,
    chosen   text   NOT NULL DEFAULT '',      -- the kind of code chosen by hand, '' for none
    chosen_s bigint NOT NULL DEFAULT 0
);

CREATE TABLE code_nonce (                     -- questions that a phone has not answered yet
    nonce   text PRIMARY KEY,
    account text   NOT NULL,
    made_s  bigint NOT NULL
);
CREATE INDEX code_nonce_by_account ON code_nonce (account, made_s);

CREATE TABLE code_device (
    account   text   NOT NULL,
    device_id text   NOT NULL,                -- made by the page, means nothing elsewhere
    user_key  bytea  NOT NULL UNIQUE,         -- one key, one account, one phone
    first_s   bigint NOT NULL,
    last_s    bigint NOT NULL,                -- its newest authorisation
    ends_s    bigint NOT NULL,                -- until when that shows codes
    ended_s   bigint,                         -- from when it gets no more
    PRIMARY KEY (account, device_id)
);

CREATE TABLE code_authorisation (
    nonce         text PRIMARY KEY,           -- the question it answers: once
    account       text   NOT NULL,
    device_id     text   NOT NULL,
    code_type     text   NOT NULL,
    basis         text   NOT NULL,            -- digest of what it was granted on
    signature     bytea  NOT NULL,            -- the phone's, over the question
    authorisation bytea  NOT NULL,            -- certificate to issuer's signature, as the phone keeps it
    issued_s      bigint NOT NULL,
    ends_s        bigint NOT NULL
);
CREATE INDEX code_authorisation_by_device ON code_authorisation (account, device_id, issued_s);

CREATE FUNCTION what_was_granted_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was granted is append-only: % on % refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER code_authorisation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON code_authorisation FOR EACH STATEMENT EXECUTE FUNCTION what_was_granted_is_append_only();

-- Passengers' money with payment partners: orders, refunds, mandates, what is frozen, who is denied
-- for what is owed. Facts are only added; the present state is kept beside them, and every change
-- of it is a step that stays.

CREATE TABLE payment_order (
    order_id   text PRIMARY KEY,              -- what the partner knows it by
    request_id text   NOT NULL UNIQUE,        -- made by the caller: the same request counts once
    content    text   NOT NULL,               -- hash of what was asked with it
    account    text   NOT NULL,
    kind       text   NOT NULL CHECK (kind IN ('top_up', 'debit')),
    channel    text   NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    created_s  bigint NOT NULL,
    expires_s  bigint NOT NULL,               -- no longer payable from here on
    state      text   NOT NULL CHECK (state IN ('open', 'paid', 'closed', 'refused')),
    pay_url    text   NOT NULL DEFAULT '',
    partner_no text   NOT NULL DEFAULT '',    -- the partner's trade that paid it
    paid_s     bigint,
    next_s     bigint NOT NULL DEFAULT 0,     -- not asked about before this
    refusals   int    NOT NULL DEFAULT 0      -- answers about it that could not be booked
);
CREATE INDEX payment_order_by_account ON payment_order (account, created_s);
CREATE UNIQUE INDEX payment_order_by_trade ON payment_order (channel, partner_no)
    WHERE partner_no <> '';
CREATE UNIQUE INDEX payment_order_one_debit ON payment_order (account)
    WHERE kind = 'debit' AND state = 'open';
CREATE INDEX payment_order_waiting ON payment_order (next_s) WHERE state = 'open';

CREATE TABLE payment_step (
    order_id text   NOT NULL,
    number   int    NOT NULL,                 -- 1, 2, … of this order
    state    text   NOT NULL,
    at_s     bigint NOT NULL,
    PRIMARY KEY (order_id, number)
);

-- What a partner said and was refused: notices as they came, answers as they were understood. The
-- same again is counted.
CREATE TABLE payment_quarantine (
    content      text PRIMARY KEY,            -- hash of channel, reason and body
    channel      text   NOT NULL,
    reason       text   NOT NULL,
    order_id     text   NOT NULL,             -- "" where it could not be read
    headers      text   NOT NULL,
    body         bytea  NOT NULL,
    received_s   bigint NOT NULL,
    times_seen   bigint NOT NULL DEFAULT 1,
    last_seen_s  bigint NOT NULL
);
CREATE INDEX payment_quarantine_by_time ON payment_quarantine (received_s);

-- What anybody can send: how many of an hour are kept in quarantine, and how many only counted here.
CREATE TABLE payment_unread (
    channel text   NOT NULL,
    reason  text   NOT NULL,
    hour_s  bigint NOT NULL,
    kept    bigint NOT NULL,
    beyond  bigint NOT NULL,
    first_s bigint NOT NULL,
    last_s  bigint NOT NULL,
    PRIMARY KEY (channel, reason, hour_s)
);

CREATE TABLE refund (
    refund_id  text PRIMARY KEY,
    request_id text   NOT NULL UNIQUE,
    content    text   NOT NULL,
    account    text   NOT NULL,
    how        text   NOT NULL CHECK (how IN ('source', 'counter', 'partner')),
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    asked_s    bigint NOT NULL,
    decided_by text   NOT NULL DEFAULT ''     -- who paid it out at a counter
);
CREATE INDEX refund_by_account ON refund (account, asked_s);
CREATE INDEX refund_at_counters ON refund (asked_s) WHERE how = 'counter';

CREATE TABLE refund_part (                    -- what goes back to one order's payer
    part_id    text PRIMARY KEY,              -- what the partner knows it by
    refund_id  text   NOT NULL,
    order_id   text   NOT NULL,
    channel    text   NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    state      text   NOT NULL CHECK (state IN ('set_aside', 'asked', 'done', 'failed')),
    partner_no text   NOT NULL DEFAULT '',
    tries      int    NOT NULL DEFAULT 0,
    next_s     bigint NOT NULL
);
CREATE INDEX refund_part_by_refund ON refund_part (refund_id);
CREATE INDEX refund_part_by_order ON refund_part (order_id);
CREATE INDEX refund_part_waiting ON refund_part (next_s) WHERE state IN ('set_aside', 'asked');

CREATE TABLE refund_step (
    part_id text   NOT NULL,
    number  int    NOT NULL,
    state   text   NOT NULL,
    at_s    bigint NOT NULL,
    PRIMARY KEY (part_id, number)
);

CREATE TABLE payment_mandate (
    mandate_id  text PRIMARY KEY,             -- what the partner knows it by before it is signed
    request_id  text   NOT NULL UNIQUE,
    content     text   NOT NULL,
    account     text   NOT NULL,
    channel     text   NOT NULL,
    asked_s     bigint NOT NULL,
    state       text   NOT NULL CHECK (state IN ('asked', 'signed', 'ended')),
    sign_url    text   NOT NULL DEFAULT '',
    mandate_ref text   NOT NULL DEFAULT '',   -- the partner's number of the agreement
    spent_fen   bigint NOT NULL DEFAULT 0,    -- what the account had been charged when it signed
    signed_s    bigint,
    ended_s     bigint,
    ended_by    text   NOT NULL DEFAULT '',   -- us, partner
    told        boolean NOT NULL DEFAULT true -- whether the partner knows that it ended
);
CREATE INDEX payment_mandate_by_account ON payment_mandate (account, asked_s);
CREATE UNIQUE INDEX payment_mandate_one_signed ON payment_mandate (account) WHERE state = 'signed';
CREATE INDEX payment_mandate_untold ON payment_mandate (mandate_id) WHERE NOT told;

CREATE TABLE mandate_step (
    mandate_id text   NOT NULL,
    number     int    NOT NULL,
    state      text   NOT NULL,
    at_s       bigint NOT NULL,
    PRIMARY KEY (mandate_id, number)
);

CREATE TABLE money_freeze (
    case_id    text PRIMARY KEY,              -- whose room froze it, and for what
    account    text    NOT NULL,
    amount_fen bigint  NOT NULL CHECK (amount_fen > 0),
    why        text    NOT NULL,
    until_s    bigint,                        -- null: until it is thawed
    rides      boolean NOT NULL,              -- whether it may not be ridden with either
    frozen_s   bigint  NOT NULL
);
CREATE TABLE money_thaw (
    case_id  text PRIMARY KEY,
    why      text   NOT NULL CHECK (why IN ('thawed', 'expired')),
    thawed_s bigint NOT NULL
);
CREATE TABLE money_frozen (                   -- what is frozen now
    case_id    text PRIMARY KEY,
    account    text    NOT NULL,
    amount_fen bigint  NOT NULL,
    until_s    bigint,
    rides      boolean NOT NULL
);
CREATE INDEX money_frozen_by_account ON money_frozen (account);

-- How far an account may go, and from which balance on it is denied.
CREATE TABLE account_credit (
    account     text PRIMARY KEY,
    since_s     bigint  NOT NULL,             -- for an account's first days other numbers hold
    signed      boolean NOT NULL,
    unpaid_fen  bigint  NOT NULL,             -- how much may be unpaid
    deny_at_fen bigint  NOT NULL,             -- denied at this balance and below
    failures    int     NOT NULL DEFAULT 0,   -- debits in a row that took nothing
    next_s      bigint  NOT NULL DEFAULT 0    -- no debit before this
);

CREATE TABLE account_stop (                   -- why all media of an account are denied now
    account text   NOT NULL,
    reason  text   NOT NULL,
    since_s bigint NOT NULL,
    PRIMARY KEY (account, reason)
);
CREATE TABLE account_stop_step (
    number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text    NOT NULL,
    reason  text    NOT NULL,
    stopped boolean NOT NULL,
    at_s    bigint  NOT NULL
);

CREATE FUNCTION what_was_paid_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was paid is append-only: % on % refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER payment_order_kept BEFORE DELETE OR TRUNCATE
    OR UPDATE OF order_id, request_id, content, account, kind, channel, amount_fen, created_s
    ON payment_order FOR EACH STATEMENT EXECUTE FUNCTION what_was_paid_is_append_only();
CREATE TRIGGER payment_quarantine_kept BEFORE DELETE OR TRUNCATE
    OR UPDATE OF content, channel, reason, order_id, headers, body, received_s
    ON payment_quarantine FOR EACH STATEMENT EXECUTE FUNCTION what_was_paid_is_append_only();
CREATE TRIGGER refund_part_kept BEFORE DELETE OR TRUNCATE
    OR UPDATE OF part_id, refund_id, order_id, channel, amount_fen
    ON refund_part FOR EACH STATEMENT EXECUTE FUNCTION what_was_paid_is_append_only();
CREATE TRIGGER payment_mandate_kept BEFORE DELETE OR TRUNCATE
    OR UPDATE OF mandate_id, request_id, content, account, channel, asked_s
    ON payment_mandate FOR EACH STATEMENT EXECUTE FUNCTION what_was_paid_is_append_only();
CREATE TRIGGER payment_step_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON payment_step FOR EACH STATEMENT EXECUTE FUNCTION what_was_paid_is_append_only();
CREATE TRIGGER refund_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON refund FOR EACH STATEMENT EXECUTE FUNCTION what_was_paid_is_append_only();
CREATE TRIGGER refund_step_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON refund_step FOR EACH STATEMENT EXECUTE FUNCTION what_was_paid_is_append_only();
CREATE TRIGGER mandate_step_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON mandate_step FOR EACH STATEMENT EXECUTE FUNCTION what_was_paid_is_append_only();
CREATE TRIGGER money_freeze_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON money_freeze FOR EACH STATEMENT EXECUTE FUNCTION what_was_paid_is_append_only();
CREATE TRIGGER money_thaw_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON money_thaw FOR EACH STATEMENT EXECUTE FUNCTION what_was_paid_is_append_only();
CREATE TRIGGER account_stop_step_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON account_stop_step FOR EACH STATEMENT EXECUTE FUNCTION what_was_paid_is_append_only();

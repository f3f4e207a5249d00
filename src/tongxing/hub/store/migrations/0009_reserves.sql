-- What members keep at the hub, how far it lends to them, and how an unpaid debtor was covered.

CREATE TABLE reserve_terms (
    member   text COLLATE "C" NOT NULL REFERENCES member,
    from_day date   NOT NULL,
    cycle    text   NOT NULL CHECK (cycle IN ('weekly', 'monthly')),
    line_fen bigint NOT NULL CHECK (line_fen >= 0),
    set_by   text   NOT NULL,
    set_s    bigint NOT NULL,
    PRIMARY KEY (member, from_day)
);

CREATE TABLE reserve_call (
    member     text COLLATE "C" NOT NULL REFERENCES member,
    made_s     bigint NOT NULL,
    why        text   NOT NULL,
    full_fen   bigint NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    due_s      bigint NOT NULL,
    PRIMARY KEY (member, made_s)
);

ALTER TABLE instruction DROP CONSTRAINT instruction_state_check;
ALTER TABLE instruction ADD CONSTRAINT instruction_state_check
    CHECK (state IN ('issued', 'settled', 'rejected', 'covered'));

-- An unpaid debtor's payment, made from its reserve, its line and the pool, in this order.
CREATE TABLE payment_cover (
    instruction_id text COLLATE "C" PRIMARY KEY REFERENCES instruction,
    reserve_fen    bigint NOT NULL CHECK (reserve_fen >= 0),
    line_fen       bigint NOT NULL CHECK (line_fen >= 0),
    pool_fen       bigint NOT NULL CHECK (pool_fen >= 0),
    covered_s      bigint NOT NULL,
    decided_by     text   NOT NULL
);

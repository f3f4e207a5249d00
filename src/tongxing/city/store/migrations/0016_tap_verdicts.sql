-- The city's own verdict on each tap, beside what the gate did (tap.outcome, tap.reason): made by
-- the same function from the tap and the books. Made anew when an earlier tap of the rider comes.

CREATE TABLE tap_verdict (
    terminal_id   text     NOT NULL,
    epoch         bigint   NOT NULL,
    seq           bigint   NOT NULL,
    business_date date     NOT NULL,
    operator      text     NOT NULL,
    outcome       text     NOT NULL CHECK (outcome IN ('opened', 'refused', '')), -- '': not asked
    reason        text     NOT NULL,
    taken_fen     bigint,                      -- null where no money was asked about
    tariff        text     NOT NULL,
    not_repeated  text[]   NOT NULL,           -- checks that the tap's evidence does not carry
    differs       text     NOT NULL,           -- reason code, '' where both agree or none can tell
    decided_s     bigint   NOT NULL,
    PRIMARY KEY (terminal_id, epoch, seq)
);
CREATE INDEX tap_verdict_by_day ON tap_verdict (business_date, operator, terminal_id);
CREATE INDEX tap_verdict_differs ON tap_verdict (business_date) WHERE differs <> '';

-- Taps lie in the order in which they came, so a few pages of this find the new ones; it costs an
-- intake next to nothing.
CREATE INDEX tap_received ON tap USING brin (received_s);

-- Up to when everything that came was decided about.
CREATE TABLE verdict_mark (
    single     boolean PRIMARY KEY DEFAULT true CHECK (single),
    received_s bigint  NOT NULL
);

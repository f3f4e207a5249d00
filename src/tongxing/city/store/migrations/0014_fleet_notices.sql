-- What the city noticed of its devices by comparing what they tell with its own books, and the
-- numbers of orders and lists that devices had before the city was restored from a backup.

CREATE TABLE fleet_notice (
    device   text   NOT NULL,
    kind     text   NOT NULL,
    subject  text   NOT NULL,                  -- a list, 'order', a terminal; '' for the whole device
    first_s  bigint NOT NULL,
    last_s   bigint NOT NULL,
    closed_s bigint,                           -- since when it is so no longer
    "values" jsonb  NOT NULL,
    PRIMARY KEY (device, kind, subject)
);
CREATE INDEX fleet_notice_by_time ON fleet_notice (last_s DESC);

-- No new order or list gets a number up to this one.
CREATE TABLE gate_number_floor (
    name   text   PRIMARY KEY,                 -- 'order', or a list's name
    number bigint NOT NULL,
    device text   NOT NULL,                    -- who told it last
    told_s bigint NOT NULL
);

-- Half trips: held until they are resolved. What was said of them is evidence, never edited.

ALTER TABLE tap ADD COLUMN set_aside text NOT NULL DEFAULT '';  -- reason why it moves no money
ALTER TABLE rider ADD COLUMN pending_fen bigint NOT NULL DEFAULT 0;  -- part of held_fen: half trips
ALTER TABLE rider ADD COLUMN resolved_s bigint;  -- newest known tap of which anything was said
CREATE INDEX rider_overheld ON rider (rider_id) WHERE balance_fen < pending_fen;

-- The half trips that wait now: a view of the riders' fold states, kept with them.
CREATE TABLE half_trip (
    trip_id       text PRIMARY KEY,           -- the id that its trip will have
    rider_id      text     NOT NULL,
    terminal_id   text     NOT NULL,          -- the known tap
    epoch         bigint   NOT NULL,
    seq           bigint   NOT NULL,
    business_date date     NOT NULL,
    missing       text     NOT NULL CHECK (missing IN ('exit', 'entry')),
    mode          text     NOT NULL,
    line          text     NOT NULL,
    station       text     NOT NULL,
    time_s        bigint   NOT NULL,
    held_fen      bigint   NOT NULL,
    tap           text     NOT NULL           -- JSON
);
CREATE INDEX half_trip_by_rider ON half_trip (rider_id, time_s);
CREATE INDEX half_trip_by_day ON half_trip (business_date);

-- What was said of a half trip. Its newest row counts; the fold asks the taps first.
CREATE TABLE half_trip_resolution (
    request_id   text PRIMARY KEY,            -- made by the caller: the same request counts once
    terminal_id  text   NOT NULL,             -- the known tap
    epoch        bigint NOT NULL,
    seq          bigint NOT NULL,
    number       int    NOT NULL,             -- 1, 2, … of this half trip
    rider_id     text   NOT NULL,
    trip_id      text   NOT NULL,
    known_s      bigint NOT NULL,             -- time of the known tap
    kind         text   NOT NULL,
    station      text   NOT NULL,             -- the other end; '' when none is said
    time_s       bigint NOT NULL,             -- the other end's time
    amount_fen   bigint NOT NULL CHECK (amount_fen >= 0),
    decided_s    bigint NOT NULL,
    decided_by   text   NOT NULL,             -- rider, staff member, or 'clock'
    why          text   NOT NULL,             -- correction code, or notice of open gates
    UNIQUE (terminal_id, epoch, seq, number)
);
CREATE INDEX half_trip_resolution_by_rider ON half_trip_resolution (rider_id, known_s);

-- Notices of open gates: passengers could not tap at that station in that time.
CREATE TABLE open_gates (
    request_id text PRIMARY KEY,
    station    text    NOT NULL,
    from_s     bigint  NOT NULL,
    until_s    bigint  NOT NULL,
    free       boolean NOT NULL,              -- rides that no habit completes cost nothing
    decided_s  bigint  NOT NULL,
    decided_by text    NOT NULL,
    CHECK (from_s < until_s)
);

CREATE FUNCTION said_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was said is append-only: % on % refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER half_trip_resolution_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON half_trip_resolution FOR EACH STATEMENT EXECUTE FUNCTION said_is_append_only();
CREATE TRIGGER open_gates_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON open_gates FOR EACH STATEMENT EXECUTE FUNCTION said_is_append_only();

-- What the city's issuer tells the hub of its cards: the ranges of numbers that it issued, and when an
-- account's media were closed with it.

CREATE TABLE issued_range (
    first_no   text COLLATE "C" PRIMARY KEY,
    last_no    text COLLATE "C" NOT NULL,
    issued_on  date   NOT NULL,
    expires_on date,
    schemes    text[] NOT NULL
);

CREATE TABLE issued_ranges_told (             -- one row: what was last said of the ranges
    is_the_one  boolean PRIMARY KEY DEFAULT true CHECK (is_the_one),
    is_complete boolean NOT NULL,             -- there are no cards outside them
    told_s      bigint  NOT NULL
);

CREATE TABLE medium_closed (
    medium_no text PRIMARY KEY,
    closed_s  bigint NOT NULL
);

-- What issuers say of their cards: ranges of numbers, and the cards with which it is otherwise. And
-- of every register the hash of the message that it came as.

ALTER TABLE register_version ADD COLUMN sha256 text NOT NULL
    GENERATED ALWAYS AS (encode(sha256(message), 'hex')) STORED;

CREATE TABLE register_card_head (
    issuer      text COLLATE "C" PRIMARY KEY,
    version     bigint  NOT NULL,
    is_complete boolean NOT NULL              -- a number outside all ranges is none of this issuer
);

CREATE TABLE register_card_range (            -- ranges of one issuer do not overlap
    issuer     text COLLATE "C" NOT NULL,
    digits     int    NOT NULL,
    first_no   text COLLATE "C" NOT NULL,
    last_no    text COLLATE "C" NOT NULL,
    issued_on  date   NOT NULL,
    expires_on date,
    schemes    text[] NOT NULL,
    PRIMARY KEY (issuer, digits, first_no)
);

CREATE TABLE register_card (
    issuer     text COLLATE "C" NOT NULL,
    medium_no  text COLLATE "C" NOT NULL,
    closed_s   bigint NOT NULL,               -- 0 for never closed
    reopened_s bigint NOT NULL,               -- 0 while it is closed
    expires_on date,                          -- its own last day, null for its range's
    told_s     bigint NOT NULL,               -- when the hub first heard of this closure
    PRIMARY KEY (issuer, medium_no, closed_s)
);

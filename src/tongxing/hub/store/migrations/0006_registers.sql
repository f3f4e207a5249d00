-- What members tell of their terminals, card numbers and losses, of deny lists and tariffs, and the
-- hub's list of cities: every version as it was sealed, and the newest one row by row.

CREATE TABLE register_version (
    kind        text COLLATE "C" NOT NULL,
    owner       text COLLATE "C" NOT NULL,
    version     bigint NOT NULL,
    published_s bigint NOT NULL,
    begins_s    bigint NOT NULL,              -- from when a tariff may be gone by, else published_s
    received_s  bigint NOT NULL,
    entries     int    NOT NULL,
    message     bytea  NOT NULL,
    content     bytea  NOT NULL,              -- of a tariff, else empty
    PRIMARY KEY (kind, owner, version)
);

CREATE FUNCTION register_version_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a version of a register is final: % refused', TG_OP;
END $$;
CREATE TRIGGER register_version_final BEFORE UPDATE OR DELETE OR TRUNCATE ON register_version
    FOR EACH STATEMENT EXECUTE FUNCTION register_version_is_final();

CREATE TABLE register_terminal (
    acquirer    text COLLATE "C" NOT NULL,
    terminal_id text COLLATE "C" NOT NULL,
    operator    text NOT NULL,
    line        text NOT NULL,
    first_on    date NOT NULL,
    last_on     date
);
CREATE INDEX register_terminal_by_id ON register_terminal (acquirer, terminal_id);

CREATE TABLE register_number (
    issuer   text COLLATE "C" NOT NULL,
    prefix   text COLLATE "C" NOT NULL,
    first_on date NOT NULL,
    last_on  date
);
CREATE INDEX register_number_by_issuer ON register_number (issuer);

CREATE TABLE register_loss (
    issuer       text COLLATE "C" NOT NULL,
    medium_no    text COLLATE "C" NOT NULL,
    reported_s   bigint  NOT NULL,
    found_s      bigint  NOT NULL,
    is_anonymous boolean NOT NULL,
    told_s       bigint  NOT NULL,            -- when the hub first heard of this loss
    PRIMARY KEY (issuer, medium_no, reported_s)
);

-- From which version of a city's deny list a medium was named without a break, to the newest one.
CREATE TABLE register_denied (
    city       text COLLATE "C" NOT NULL,
    medium_no  text COLLATE "C" NOT NULL,
    named_from bigint NOT NULL,
    PRIMARY KEY (city, medium_no)
);

CREATE TABLE register_city (
    city         text COLLATE "C" PRIMARY KEY,
    joined_on    date   NOT NULL,
    left_on      date,
    left_version bigint NOT NULL              -- the version that first said that it left, 0 for none
);

-- Checks that were not made on some rows of a file, because a register is missing.
CREATE TABLE check_not_made (
    sender  text COLLATE "C" NOT NULL,
    file_id text COLLATE "C" NOT NULL,
    name    text COLLATE "C" NOT NULL,
    rows    int  NOT NULL,
    PRIMARY KEY (sender, file_id, name)
);

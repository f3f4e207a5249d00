-- Under which numbers an export names members, lines, stations, terminals and media. A number is given
-- once and stays: the same name has it in every export, and nothing else ever gets it.

CREATE TABLE clearing_number (
    kind   text COLLATE "C" NOT NULL,
    name   text COLLATE "C" NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    PRIMARY KEY (kind, name),
    UNIQUE (kind, number)
);

CREATE FUNCTION clearing_number_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a number that was given stays: % refused', TG_OP;
END $$;
CREATE TRIGGER clearing_number_final BEFORE UPDATE OR DELETE OR TRUNCATE ON clearing_number
    FOR EACH STATEMENT EXECUTE FUNCTION clearing_number_stays();

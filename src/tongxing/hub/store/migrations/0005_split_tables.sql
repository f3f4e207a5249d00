-- Split tables: handed in by one person, released by another, and never changed after that.

CREATE TABLE split_table (
    version      text COLLATE "C" PRIMARY KEY,
    city         text   NOT NULL,
    valid_from   date   NOT NULL,
    valid_until  date,                          -- the first day on which it no longer holds
    replaces     text   NOT NULL,
    sha256       text   NOT NULL,
    why          text   NOT NULL,
    handed_in_by text   NOT NULL,
    handed_in_s  bigint NOT NULL,
    released_by  text,
    released_s   bigint,
    content      bytea  NOT NULL,
    CHECK (released_by <> handed_in_by),
    CHECK ((released_by IS NULL) = (released_s IS NULL))
);
CREATE INDEX split_table_by_city ON split_table (city, valid_from);

CREATE FUNCTION split_table_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.released_s IS NOT NULL THEN
        RAISE EXCEPTION 'a released split table is final';
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.content, NEW.handed_in_by) <> (OLD.content, OLD.handed_in_by) THEN
        RAISE EXCEPTION 'a split table is released as it was handed in';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER split_table_final BEFORE UPDATE OR DELETE ON split_table
    FOR EACH ROW EXECUTE FUNCTION split_table_is_final();

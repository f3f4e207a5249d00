-- Held records come to an end: proven and accepted, or void. Each step is written down for good.

ALTER TABLE record DROP CONSTRAINT record_status_check;
ALTER TABLE record ADD CONSTRAINT record_status_check
    CHECK (status IN ('accepted', 'held', 'carried', 'void'));

CREATE TABLE record_event (
    record_id        text COLLATE "C" NOT NULL REFERENCES record,
    number           int    NOT NULL,
    event            text   NOT NULL,
    at_s             bigint NOT NULL,
    decided_by       text   NOT NULL,         -- who: a person, or the hub itself
    reason           text   NOT NULL,
    rulebook_version text   NOT NULL,
    PRIMARY KEY (record_id, number)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was written down about a record is never changed';
END $$;

CREATE TRIGGER record_event_stays BEFORE UPDATE OR DELETE ON record_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Rides that came too late (1005) and that their acquirers ask to recover. No record of such a ride
-- stands, so a case may now be about one that does not: what was asked for is kept with the case.

ALTER TABLE dispute_case DROP CONSTRAINT dispute_case_record_id_fkey;

CREATE TABLE recovery (
    case_id   text COLLATE "C" PRIMARY KEY REFERENCES dispute_case,
    record_id text COLLATE "C" NOT NULL,
    content   text NOT NULL                   -- the record as it was turned away
);
CREATE INDEX recovery_by_record ON recovery (record_id);
CREATE TRIGGER recovery_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON recovery
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A payment that the bank turned down is sent once more under another identification: two persons
-- decide it, and a payment has one successor at most.

ALTER TABLE instruction ADD COLUMN replaces text COLLATE "C" UNIQUE REFERENCES instruction;
ALTER TABLE instruction DROP CONSTRAINT instruction_state_check;
ALTER TABLE instruction ADD CONSTRAINT instruction_state_check
    CHECK (state IN ('issued', 'settled', 'rejected', 'covered', 'replaced'));

CREATE TABLE payment_reissue (
    instruction_id text COLLATE "C" PRIMARY KEY REFERENCES instruction,
    why            text   NOT NULL,
    proposed_by    text   NOT NULL,
    proposed_s     bigint NOT NULL,
    confirmed_by   text,
    confirmed_s    bigint,
    CHECK (confirmed_by <> proposed_by),
    CHECK ((confirmed_by IS NULL) = (confirmed_s IS NULL))
);
CREATE FUNCTION payment_reissue_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.confirmed_s IS NOT NULL THEN
        RAISE EXCEPTION 'that a payment is sent again is final: % refused', TG_OP;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payment_reissue_final BEFORE UPDATE OR DELETE ON payment_reissue
    FOR EACH ROW EXECUTE FUNCTION payment_reissue_is_final();

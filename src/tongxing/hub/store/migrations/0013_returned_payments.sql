-- A payment that was paid and came back: its line names the payment and says that it is a return. Why
-- the bank turned a payment down or sent it back stands beside the payment.

ALTER TABLE instruction ADD COLUMN reason text NOT NULL DEFAULT '';
ALTER TABLE instruction DROP CONSTRAINT instruction_state_check;
ALTER TABLE instruction ADD CONSTRAINT instruction_state_check
    CHECK (state IN ('issued', 'settled', 'rejected', 'covered', 'replaced', 'returned'));

ALTER TABLE bank_line ADD COLUMN return_reason text NOT NULL DEFAULT '';

CREATE TABLE payment_return (
    instruction_id text COLLATE "C" PRIMARY KEY REFERENCES instruction,
    bank_reference text COLLATE "C" NOT NULL UNIQUE REFERENCES bank_line,
    booked_s       bigint NOT NULL
);
CREATE FUNCTION payment_return_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what the bank returned is final: % refused', TG_OP;
END $$;
CREATE TRIGGER payment_return_final BEFORE UPDATE OR DELETE ON payment_return
    FOR EACH ROW EXECUTE FUNCTION payment_return_is_final();

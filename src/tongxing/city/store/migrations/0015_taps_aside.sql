-- Taps that were set aside: looked at by people, put right or given up. What a gate told stays as
-- it came (body); what counts instead, once two people have said so, stands beside it.

ALTER TABLE tap ADD COLUMN put_right text;     -- JSON; null where what the gate told counts
CREATE INDEX tap_aside ON tap (set_aside, received_s) WHERE set_aside <> '';

CREATE TABLE tap_decision (
    decision_no  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    terminal_id  text   NOT NULL,
    epoch        bigint NOT NULL,
    seq          bigint NOT NULL,
    kind         text   NOT NULL CHECK (kind IN ('take_in', 'give_up', 'undo')),
    was          text   NOT NULL,              -- the reason for which it lay aside
    put_right    text,                         -- JSON of the tap as it counts from then on
    why          text   NOT NULL CHECK (why <> ''),
    asked_by     text   NOT NULL,
    asked_s      bigint NOT NULL,
    confirmed_by text,
    confirmed_s  bigint,
    CHECK (confirmed_by <> asked_by),          -- maker and checker are two
    CHECK ((confirmed_by IS NULL) = (confirmed_s IS NULL)),
    FOREIGN KEY (terminal_id, epoch, seq) REFERENCES tap
);
CREATE INDEX tap_decision_by_tap ON tap_decision (terminal_id, epoch, seq, decision_no);

-- All that may happen to a decision is that a second person confirms it, once.
CREATE FUNCTION tap_decision_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.confirmed_by IS NULL AND NEW.confirmed_by IS NOT NULL
            AND (to_jsonb(NEW) - 'confirmed_by' - 'confirmed_s')
              = (to_jsonb(OLD) - 'confirmed_by' - 'confirmed_s') THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a decision about a tap stands: % refused', TG_OP;
END $$;
CREATE TRIGGER tap_decision_stands BEFORE UPDATE OR DELETE ON tap_decision
    FOR EACH ROW EXECUTE FUNCTION tap_decision_stands();
CREATE TRIGGER tap_decision_kept BEFORE TRUNCATE ON tap_decision
    FOR EACH STATEMENT EXECUTE FUNCTION tap_decision_stands();

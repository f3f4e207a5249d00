-- The business day as it is worked: how far each day is. A step that is done is written down once, and
-- never changed.

CREATE TABLE business_day (
    business_date date PRIMARY KEY,
    opened_s      bigint NOT NULL
);

CREATE TABLE business_day_step (
    business_date date   NOT NULL REFERENCES business_day,
    step          text   NOT NULL CHECK (step IN ('check', 'close', 'decide', 'list', 'prove', 'send',
                                                  'book', 'settle', 'finish')),
    done_s        bigint NOT NULL,
    done_by       text   NOT NULL,
    figures       text   NOT NULL,            -- what it came to, JSON
    PRIMARY KEY (business_date, step)
);

CREATE FUNCTION business_day_step_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a step of a business day is final: % refused', TG_OP;
END $$;
CREATE TRIGGER business_day_step_final BEFORE UPDATE OR DELETE OR TRUNCATE ON business_day_step
    FOR EACH STATEMENT EXECUTE FUNCTION business_day_step_is_final();

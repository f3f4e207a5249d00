-- The hub's own keys: each change as two persons decided it, and the note that the keys signed. Said by
-- one person it waits; said by both it is final.

CREATE TABLE hub_key_change (
    number       int    PRIMARY KEY CHECK (number > 0),
    from_window  text COLLATE "C" NOT NULL,
    old_key      text   NOT NULL,             -- as they are published: name+id+key
    new_key      text   NOT NULL,
    emergency    boolean NOT NULL,            -- the old key was lost and did not sign
    proposed_by  text   NOT NULL,
    proposed_s   bigint NOT NULL,
    confirmed_by text,
    confirmed_s  bigint,
    note         bytea,
    CHECK (confirmed_by <> proposed_by),
    CHECK ((confirmed_by IS NULL) = (note IS NULL) AND (confirmed_s IS NULL) = (note IS NULL))
);

CREATE FUNCTION hub_key_change_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.note IS NOT NULL THEN
        RAISE EXCEPTION 'a change of the hub''s key is final: % refused', TG_OP;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER hub_key_change_final BEFORE UPDATE OR DELETE ON hub_key_change
    FOR EACH ROW EXECUTE FUNCTION hub_key_change_is_final();

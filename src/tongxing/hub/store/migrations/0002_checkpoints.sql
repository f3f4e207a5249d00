-- What the hub signed of each closed window. Windows that were closed before there were
-- checkpoints have none, and are marked; the chain begins with the first one after them.

ALTER TABLE clearing_window ADD COLUMN before_checkpoints boolean NOT NULL DEFAULT false;
UPDATE clearing_window SET before_checkpoints = true WHERE state <> 'open';

CREATE TABLE checkpoint (
    window_id text COLLATE "C" PRIMARY KEY REFERENCES clearing_window,
    verifier  text  NOT NULL,                 -- the hub's public key, as it is published
    content   bytea NOT NULL                  -- the signed note
);

-- The leaf hashes of a window's rows in their order, 32 bytes each, 65536 to a part.
CREATE TABLE checkpoint_leaves (
    window_id text COLLATE "C" NOT NULL REFERENCES checkpoint,
    part      int   NOT NULL,
    hashes    bytea NOT NULL,
    PRIMARY KEY (window_id, part)
);

-- What was signed is never changed: the database itself says no.
CREATE FUNCTION checkpoint_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a checkpoint is final: % on % refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER checkpoint_final BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION checkpoint_is_final();
CREATE TRIGGER checkpoint_leaves_final BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint_leaves
    FOR EACH STATEMENT EXECUTE FUNCTION checkpoint_is_final();

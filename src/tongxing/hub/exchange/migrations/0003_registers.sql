-- The versions of registers in the order in which the hub took them, so that a member can ask for what
-- is new since. As with letters, the hub's own tables fill this one, whoever hands a register in.

CREATE TABLE register_turn (
    number bigint PRIMARY KEY,
    kind    text COLLATE "C" NOT NULL,
    owner   text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    bytes   bigint NOT NULL,
    sha256  text   NOT NULL,
    UNIQUE (kind, owner, version)
);

CREATE FUNCTION put_register_turn(of_kind text, of_owner text, of_version bigint, message bytea)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO register_turn
    SELECT coalesce(max(number), 0) + 1, of_kind, of_owner, of_version, octet_length(message),
           encode(sha256(message), 'hex')
    FROM register_turn
$$;

-- The writers of the hub wait for one another, so numbers are given out in the order of commits.
CREATE FUNCTION turn_of_register() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM put_register_turn(NEW.kind, NEW.owner, NEW.version, NEW.message);
    RETURN NULL;
END $$;

SELECT put_register_turn(kind, owner, version, message)
FROM register_version ORDER BY received_s, kind, owner, version;

CREATE TRIGGER turn_of_register AFTER INSERT ON register_version
    FOR EACH ROW EXECUTE FUNCTION turn_of_register();
CREATE TRIGGER register_turn_final BEFORE UPDATE OR DELETE OR TRUNCATE ON register_turn
    FOR EACH STATEMENT EXECUTE FUNCTION register_version_is_final();

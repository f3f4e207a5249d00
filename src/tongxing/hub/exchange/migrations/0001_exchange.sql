-- What was handed out to each member, numbered from 1 without a hole, and the signatures of requests
-- that were used. These tables lie in the hub's schema; its own tables fill them, so that nothing is
-- handed out that no member is told of, whichever part of the hub hands it out.

CREATE TABLE letter (
    member    text COLLATE "C" NOT NULL REFERENCES member,
    number    bigint NOT NULL,
    kind      text   NOT NULL,
    window_id text   NOT NULL,
    name      text   NOT NULL,                -- what it is the letter of: file, window, instruction
    bytes     bigint NOT NULL,
    sha256    text   NOT NULL,
    source    text   NOT NULL CHECK (source IN ('document', 'file', 'instruction', 'checkpoint')),
    party     text   NOT NULL,                -- with kind, window and name: where its bytes lie
    PRIMARY KEY (member, number)
);
CREATE INDEX letter_by_file ON letter (member, name) WHERE source = 'file';

CREATE FUNCTION put_letter(to_member text, of_kind text, of_window text, of_name text,
                           content bytea, from_source text, of_party text) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO letter
    SELECT to_member,
           (SELECT coalesce(max(number), 0) + 1 FROM letter WHERE member = to_member),
           of_kind, of_window, of_name, octet_length(content), encode(sha256(content), 'hex'),
           from_source, of_party
    WHERE EXISTS (SELECT 1 FROM member WHERE member_id = to_member)
$$;

-- The writers of the hub wait for one another, so numbers are given out in the order of commits.
CREATE FUNCTION letter_of_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM put_letter(split_part(NEW.party, '/', 1), NEW.kind, NEW.window_id, NEW.window_id,
                       NEW.content, 'document', NEW.party);
    RETURN NULL;
END $$;
CREATE FUNCTION letter_of_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM put_letter(NEW.sender, 'verdicts', NEW.window_id, NEW.file_id, NEW.verdicts, 'file',
                       NEW.sender);
    RETURN NULL;
END $$;
CREATE FUNCTION letter_of_instruction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM put_letter(member_id, 'instruction', NEW.window_id, NEW.instruction_id, NEW.content,
                       'instruction', member_id)
    FROM member WHERE member_id IN (NEW.debtor, NEW.creditor) ORDER BY member_id;
    RETURN NULL;
END $$;
CREATE FUNCTION letter_of_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM put_letter(member_id, 'checkpoint', NEW.window_id, NEW.window_id, NEW.content,
                       'checkpoint', '')
    FROM member ORDER BY member_id;
    RETURN NULL;
END $$;

-- What was handed out before there were letters, in the order in which it came about.
SELECT put_letter(to_member, kind, window_id, name, content, source, party) FROM (
    SELECT sender AS to_member, 'verdicts' AS kind, window_id, file_id AS name,
           verdicts AS content, 'file' AS source, sender AS party, 1 AS step FROM record_file
    UNION ALL SELECT split_part(party, '/', 1), kind, window_id, window_id, content, 'document',
           party, 2 FROM document
    UNION ALL SELECT member_id, 'instruction', window_id, instruction_id, content, 'instruction',
           member_id, 3 FROM instruction JOIN member ON member_id IN (debtor, creditor)
    UNION ALL SELECT member_id, 'checkpoint', window_id, window_id, content, 'checkpoint', '', 4
           FROM checkpoint CROSS JOIN member
) AS earlier ORDER BY window_id, step, kind, name, party;

CREATE TRIGGER letter_of_document AFTER INSERT ON document
    FOR EACH ROW EXECUTE FUNCTION letter_of_document();
CREATE TRIGGER letter_of_file AFTER INSERT ON record_file
    FOR EACH ROW EXECUTE FUNCTION letter_of_file();
CREATE TRIGGER letter_of_instruction AFTER INSERT ON instruction
    FOR EACH ROW EXECUTE FUNCTION letter_of_instruction();
CREATE TRIGGER letter_of_checkpoint AFTER INSERT ON checkpoint
    FOR EACH ROW EXECUTE FUNCTION letter_of_checkpoint();

CREATE FUNCTION letter_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a letter is final: % on % refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER letter_final BEFORE UPDATE OR DELETE OR TRUNCATE ON letter
    FOR EACH STATEMENT EXECUTE FUNCTION letter_is_final();

CREATE TABLE used_signature (
    key_id text COLLATE "C" NOT NULL,
    nonce  text COLLATE "C" NOT NULL,
    used_s bigint NOT NULL,
    PRIMARY KEY (key_id, nonce)
);
CREATE INDEX used_signature_by_time ON used_signature (used_s);

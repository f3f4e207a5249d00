-- The answers to case files are letters too.

ALTER TABLE letter DROP CONSTRAINT letter_source_check;
ALTER TABLE letter ADD CONSTRAINT letter_source_check
    CHECK (source IN ('document', 'file', 'instruction', 'checkpoint', 'case_file'));

CREATE FUNCTION letter_of_case_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM put_letter(NEW.sender, 'case_answers', '', NEW.file_id, NEW.answer, 'case_file',
                       NEW.sender);
    RETURN NULL;
END $$;

SELECT put_letter(sender, 'case_answers', '', file_id, answer, 'case_file', sender)
FROM case_file ORDER BY received_s, sender, file_id;

CREATE TRIGGER letter_of_case_file AFTER INSERT ON case_file
    FOR EACH ROW EXECUTE FUNCTION letter_of_case_file();

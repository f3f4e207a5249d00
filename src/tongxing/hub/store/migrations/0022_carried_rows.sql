-- Of the rows that a file has on hold, how many were carried when it came, because a member of theirs was
-- suspended. Of files before this column those are counted that are carried still.

ALTER TABLE record_file ADD COLUMN carried int NOT NULL DEFAULT 0;

UPDATE record_file SET carried = (SELECT count(*) FROM record
    WHERE record.sender = record_file.sender AND record.file_id = record_file.file_id AND record.status = 'carried');

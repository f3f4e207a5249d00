-- What the hub says later of records that were on hold, and of disputes about rides, with their money.

-- The window a verdict is about: its file's at first, a later one when the record was decided later.
ALTER TABLE verdict ADD COLUMN window_id text COLLATE "C" NOT NULL DEFAULT '';
UPDATE verdict SET window_id = coalesce(record_file.window_id, '')
    FROM record_file WHERE record_file.file_id = verdict.file_id;
CREATE INDEX verdict_by_window ON verdict (window_id);

CREATE TABLE case_news (                      -- every step of a case, as the hub told it
    case_id   text COLLATE "C" NOT NULL,
    number    int    NOT NULL,
    record_id text   NOT NULL,
    window_id text   NOT NULL,
    body      text   NOT NULL,                -- the message's own JSON
    PRIMARY KEY (case_id, number)
);
CREATE INDEX case_news_by_record ON case_news (record_id);

CREATE TABLE case_money (                     -- what of a case one of our members has booked
    case_id   text COLLATE "C" NOT NULL,
    number    int    NOT NULL,
    member    text   NOT NULL,
    window_id text   NOT NULL,
    own_fen   bigint NOT NULL,                -- of it the member's own loss
    body      text   NOT NULL,
    PRIMARY KEY (case_id, number, member)
);
CREATE INDEX case_money_by_window ON case_money (window_id, member);

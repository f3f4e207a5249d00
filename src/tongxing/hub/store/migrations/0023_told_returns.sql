-- A return that the bank tells of in a message of its own (pacs.004), before or after it stands as a
-- line on a statement of the account: one movement, told twice, is booked once.

ALTER TABLE bank_line ADD COLUMN is_told boolean NOT NULL DEFAULT false;  -- by a pacs.004, no line of the account
ALTER TABLE bank_line ADD COLUMN original_fen bigint;                     -- what was paid, as the pacs.004 says
ALTER TABLE bank_line ADD COLUMN same_as text COLLATE "C" UNIQUE REFERENCES bank_line;
CREATE INDEX bank_line_told_alone ON bank_line (bank_reference) WHERE is_told AND same_as IS NULL;

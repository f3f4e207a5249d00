-- A row that is rejected tells of its card's purchase all the same: seen, not paid. The purchase then is
-- of the last record that stands and tells it. And a rejected row keeps every code that was found of it.

ALTER TABLE purse_link ADD COLUMN stands boolean NOT NULL DEFAULT true;
ALTER TABLE refused_row ADD COLUMN codes text NOT NULL DEFAULT '';
UPDATE refused_row SET codes = code;
ALTER TABLE refused_row ALTER COLUMN codes DROP DEFAULT;

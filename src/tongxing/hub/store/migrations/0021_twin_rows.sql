-- A row whose name stands with other content waits as the twin of the record that has the name, until a
-- person says which of the two is true. It has its own steps, written down for good. A record whose name a
-- twin took is its twin from then on.

CREATE TABLE twin_row (
    record_id    text COLLATE "C" NOT NULL,
    content_hash bytea NOT NULL,
    sender       text  NOT NULL,
    file_id      text  NOT NULL,
    row_no       int   NOT NULL,
    state        text  NOT NULL CHECK (state IN ('held', 'accepted', 'void')),
    codes        text  NOT NULL,              -- what it would have got, were its name free
    issuer       text COLLATE "C" NOT NULL,
    acquirer     text COLLATE "C" NOT NULL,
    charge_fen   bigint NOT NULL,
    delta_fen    bigint NOT NULL,
    basis_id     text,                        -- null where it would have been rejected anyway
    operators    text[],
    share_fen    bigint[],
    whole        text,
    body         text  NOT NULL,              -- the record, canonical JSON
    PRIMARY KEY (record_id, content_hash)
);
CREATE INDEX twin_row_waiting ON twin_row (state) WHERE state = 'held';

-- Rows that were held so before there were twins: they wait from the day on which their file came.
INSERT INTO twin_row
SELECT DISTINCT ON (record_id, hash) record_id, hash, sender, file_id, row_no, 'held', '0000',
    body ->> 'issuer', body ->> 'acquirer', (body ->> 'charge_fen')::bigint,
    (body ->> 'delta_fen')::bigint, NULL, NULL, NULL, NULL, convert_from(content, 'UTF8')
FROM (
    SELECT refused_row.*, number, substring(sha256(content) FROM 1 FOR 16) AS hash,
        convert_from(content, 'UTF8')::jsonb AS body
    FROM refused_row JOIN record_file USING (sender, file_id)
    WHERE status = 'held'
) AS waiting
ORDER BY record_id, hash, number, row_no;

CREATE TABLE twin_event (
    record_id        text COLLATE "C" NOT NULL,
    content_hash     bytea  NOT NULL,
    number           int    NOT NULL,
    event            text   NOT NULL,
    at_s             bigint NOT NULL,
    decided_by       text   NOT NULL,
    reason           text   NOT NULL,
    rulebook_version text   NOT NULL,
    PRIMARY KEY (record_id, content_hash, number),
    FOREIGN KEY (record_id, content_hash) REFERENCES twin_row
);
CREATE TRIGGER twin_event_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON twin_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

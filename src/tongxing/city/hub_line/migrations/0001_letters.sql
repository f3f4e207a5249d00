-- Letters as the hub handed them out to our two members: kept as they came, then booked. A letter that
-- could not be booked yet waits with its reason and is tried again.

CREATE TABLE hub_letter (
    member    text COLLATE "C" NOT NULL,
    number    bigint NOT NULL,
    kind      text   NOT NULL,
    window_id text   NOT NULL,
    name      text   NOT NULL,
    sha256    text   NOT NULL,
    content   bytea  NOT NULL,
    state     text   NOT NULL CHECK (state IN ('waits', 'booked', 'kept')),
    why       text   NOT NULL,                -- the code for which it waits
    changed_s bigint NOT NULL,
    PRIMARY KEY (member, number)
);
CREATE INDEX hub_letter_waiting ON hub_letter (member, number) WHERE state = 'waits';

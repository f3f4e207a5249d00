-- Who is linked with which medium for entry checks ("upgraded"), since when, by which channel. A
-- holder stands here as an opaque id only; who that is stands in the people's own schema.

-- Every link that was ever made; evidence, never edited.
CREATE TABLE upgrade_link (
    link_id   text PRIMARY KEY,
    holder    text   NOT NULL,                -- a person's id, or an authority's own reference
    medium_no text   NOT NULL,
    kind      text   NOT NULL,
    place     text   NOT NULL,                -- what the limits count: physical, phone, ticket, …
    app       text   NOT NULL,                -- whose ride code it is, "" for anything else
    channel   text   NOT NULL,
    how       text   NOT NULL CHECK (how IN
        ('self', 'helped', 'staff', 'bulk', 'first_top_up', 'registration')),
    helper    text   NOT NULL,                -- the person who did it for the holder, or ""
    staff     text   NOT NULL,
    linked_s  bigint NOT NULL
);
CREATE INDEX upgrade_link_by_time ON upgrade_link (linked_s, channel, kind);
CREATE INDEX upgrade_link_by_helper ON upgrade_link (helper) WHERE helper <> '';

CREATE TABLE upgrade_end (
    link_id  text PRIMARY KEY,
    why      text   NOT NULL CHECK (why IN ('withdrawn', 'moved', 'closed', 'staff')),
    ended_by text   NOT NULL,
    ended_s  bigint NOT NULL
);

-- What was asked and granted: the same request counts once.
CREATE TABLE upgrade_request (
    request_id text PRIMARY KEY,              -- made by the caller
    asked      text    NOT NULL,              -- digest of what was asked, nothing personal in it
    link_id    text    NOT NULL,
    repeated   boolean NOT NULL,              -- it was linked already, nothing was done
    done_s     bigint  NOT NULL
);

-- The links that hold now, kept with the two above. A medium has one holder; a slot is one of the
-- cards of its kind that a holder may have (0: not counted).
CREATE TABLE upgrade_now (
    medium_no text PRIMARY KEY,
    link_id   text     NOT NULL UNIQUE,
    holder    text     NOT NULL,
    place     text     NOT NULL,
    slot      smallint NOT NULL CHECK (slot >= 0)
);
CREATE UNIQUE INDEX upgrade_slot ON upgrade_now (holder, place, slot) WHERE slot > 0;
CREATE INDEX upgrade_now_by_holder ON upgrade_now (holder);

CREATE TABLE upgrade_try (                    -- numbers of others that somebody typed, by day
    asker text NOT NULL,
    day   date NOT NULL,
    tries int  NOT NULL,
    PRIMARY KEY (asker, day)
);

-- Files of category cards from an authority, taken in parts so that a torn one goes on.
CREATE TABLE upgrade_file (
    authority text   NOT NULL,
    batch     text   NOT NULL,
    sha256    text   NOT NULL,
    lines     int    NOT NULL,
    taken_by  text   NOT NULL,
    taken_s   bigint NOT NULL,
    PRIMARY KEY (authority, batch)
);
CREATE TABLE upgrade_file_part (
    authority text NOT NULL,
    batch     text NOT NULL,
    from_line int  NOT NULL,
    to_line   int  NOT NULL,                  -- the first line after this part
    linked    int  NOT NULL,
    repeated  int  NOT NULL,
    rejected  int  NOT NULL,
    PRIMARY KEY (authority, batch, from_line)
);
CREATE TABLE upgrade_file_reject (            -- the line's number and why, never its content
    authority text NOT NULL,
    batch     text NOT NULL,
    line      int  NOT NULL,
    reason    text NOT NULL,
    PRIMARY KEY (authority, batch, line)
);

CREATE TABLE upgrade_first_top_up (
    medium_no  text PRIMARY KEY,
    request_id text   NOT NULL UNIQUE,
    holder     text   NOT NULL,
    link_id    text   NOT NULL,               -- "" when the holder had a linked card already
    done_s     bigint NOT NULL
);

-- Single tickets sold, handed out or exchanged; the passenger stands here as a blind index only.
CREATE TABLE upgrade_ticket (
    grant_id   text PRIMARY KEY,
    request_id text   NOT NULL UNIQUE,
    asked      text   NOT NULL,
    act        text   NOT NULL CHECK (act IN ('sale', 'collection', 'welfare_exchange')),
    holder     text   NOT NULL,
    helped     text   NOT NULL CHECK (helped IN ('', 'elder', 'child')),
    staff      text   NOT NULL,
    checked_s  bigint NOT NULL,
    granted_s  bigint NOT NULL
);

CREATE TABLE upgrade_e_ticket (
    ticket_no  text PRIMARY KEY,
    request_id text   NOT NULL UNIQUE,
    account    text   NOT NULL,
    fare_fen   bigint NOT NULL CHECK (fare_fen > 0),
    sold_s     bigint NOT NULL
);
CREATE TABLE upgrade_e_ticket_end (           -- used, or its money given back
    ticket_no text PRIMARY KEY,
    how       text   NOT NULL CHECK (how IN ('used', 'returned')),
    ended_s   bigint NOT NULL
);
CREATE TABLE upgrade_e_ticket_paid (          -- the way it was paid has taken the refund
    ticket_no text PRIMARY KEY,
    refund    text   NOT NULL,
    paid_s    bigint NOT NULL
);

-- The list of linked media that goes to whoever checks: media only, versions that only rise.
CREATE TABLE upgrade_listed (
    medium_no text PRIMARY KEY                -- what the newest version holds
);
CREATE TABLE upgrade_list (
    version bigint PRIMARY KEY,
    media   bigint NOT NULL,
    added   bigint NOT NULL,
    removed bigint NOT NULL,
    made_s  bigint NOT NULL
);
CREATE TABLE upgrade_list_change (
    version   bigint  NOT NULL,
    medium_no text    NOT NULL,
    added     boolean NOT NULL,
    PRIMARY KEY (version, medium_no)
);

CREATE FUNCTION an_upgrade_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was upgraded is append-only: % on % refused', TG_OP, TG_TABLE_NAME;
END $$;
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['upgrade_link', 'upgrade_end', 'upgrade_request', 'upgrade_file',
        'upgrade_file_part', 'upgrade_file_reject', 'upgrade_first_top_up', 'upgrade_ticket',
        'upgrade_e_ticket', 'upgrade_e_ticket_end', 'upgrade_e_ticket_paid', 'upgrade_list',
        'upgrade_list_change']
    LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON %I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION an_upgrade_is_append_only()',
            name || '_append_only', name);
    END LOOP;
END $$;

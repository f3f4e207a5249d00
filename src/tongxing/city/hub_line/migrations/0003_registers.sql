-- Registers that we hand in at the hub: the bytes stay until it has taken them, so that what is sent
-- again is the same. And those of others and of the hub itself as they were fetched, the newest of each.

CREATE TABLE hub_register_out (
    kind           text COLLATE "C" NOT NULL,
    owner          text COLLATE "C" NOT NULL,
    version        bigint NOT NULL,
    content_sha256 text   NOT NULL,           -- of what it says, without version and time
    message        bytea  NOT NULL,           -- empty when it is not needed any more
    state          text   NOT NULL CHECK (state IN ('waits', 'taken', 'passed')),
    why            text   NOT NULL,           -- the code for which it waits or was passed over
    changed_s      bigint NOT NULL,
    PRIMARY KEY (kind, owner, version)
);
CREATE INDEX hub_register_out_waiting ON hub_register_out (kind, owner, version)
    WHERE state = 'waits';

CREATE TABLE hub_register_in (
    kind        text COLLATE "C" NOT NULL,
    owner       text COLLATE "C" NOT NULL,
    version     bigint NOT NULL,
    number      bigint NOT NULL,              -- at the hub
    published_s bigint NOT NULL,
    sha256      text   NOT NULL,
    message     bytea  NOT NULL,
    fetched_s   bigint NOT NULL,
    PRIMARY KEY (kind, owner)
);

CREATE TABLE hub_register_last (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    number  bigint NOT NULL                   -- up to here everything was looked at
);

-- The fleet: who may enrol a device, which devices there are, what they last told, what they were
-- ordered. Of a code only its hash stands here, of a device only its public key.

CREATE TABLE fleet_invitation (
    invitation_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code_hash     bytea  NOT NULL UNIQUE,
    site          text   NOT NULL,
    terminals     text[] NOT NULL,
    operator      text   NOT NULL,
    made_by       text   NOT NULL,
    made_s        bigint NOT NULL,
    lapses_s      bigint NOT NULL,             -- nobody may confirm it from here on
    valid_s       bigint NOT NULL,             -- how long the code is good once confirmed
    confirmed_by  text,
    confirmed_s   bigint,
    expires_s     bigint,
    used_s        bigint,
    device        text,
    CHECK (confirmed_by <> made_by),           -- maker and checker are two
    CHECK (device IS NULL OR confirmed_by IS NOT NULL)
);

CREATE TABLE device (
    device        text   PRIMARY KEY,          -- its name: the site's, a point, and a number
    site          text   NOT NULL,
    operator      text   NOT NULL,
    public_key    bytea  NOT NULL UNIQUE,
    invitation_no bigint NOT NULL UNIQUE REFERENCES fleet_invitation,
    enrolled_s    bigint NOT NULL,
    revoked_s     bigint,
    revoked_by    text,
    revoked_why   text   NOT NULL DEFAULT ''
);
CREATE INDEX device_by_site ON device (site);

-- A terminal belongs to one device at a time.
CREATE TABLE device_terminal (
    device      text   NOT NULL REFERENCES device,
    terminal_id text   NOT NULL,
    released_s  bigint,
    PRIMARY KEY (device, terminal_id)
);
CREATE UNIQUE INDEX device_terminal_held ON device_terminal (terminal_id) WHERE released_s IS NULL;

-- The newest heartbeat of each device.
CREATE TABLE device_heartbeat (
    device    text   PRIMARY KEY REFERENCES device,
    number    bigint NOT NULL,
    heard_s   bigint NOT NULL,
    body      text   NOT NULL
);

-- Batches that a device said, signed, were waiting: signed, therefore, before a later revocation.
CREATE TABLE device_promise (
    device       text   NOT NULL REFERENCES device,
    batch_sha256 text   NOT NULL,
    told_s       bigint NOT NULL,
    PRIMARY KEY (device, batch_sha256)
);

-- Up to which number the taps of a terminal's storage are here without a hole.
CREATE TABLE device_numbers (
    terminal_id text   NOT NULL,
    epoch       bigint NOT NULL,
    whole_to    bigint NOT NULL,
    PRIMARY KEY (terminal_id, epoch)
);

CREATE TABLE device_order (
    order_no   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site       text   NOT NULL,                -- '' when it is for one device
    device     text   NOT NULL,                -- '' when it is for a whole site
    kind       text   NOT NULL,
    from_s     bigint NOT NULL,
    until_s    bigint NOT NULL CHECK (until_s > from_s),
    ordered_by text   NOT NULL,
    why        text   NOT NULL,
    CHECK ((site = '') <> (device = ''))
);
CREATE INDEX device_order_by_site ON device_order (site, until_s);
CREATE INDEX device_order_by_device ON device_order (device, until_s);

CREATE TABLE device_order_done (
    order_no bigint NOT NULL REFERENCES device_order,
    device   text   NOT NULL REFERENCES device,
    done_s   bigint NOT NULL,                  -- on the device's clock
    heard_s  bigint NOT NULL,
    outcome  text   NOT NULL,
    PRIMARY KEY (order_no, device)
);

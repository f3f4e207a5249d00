-- One city: the issuer's media and accounts, the acquirer's taps and trips, what went to the hub
-- and what came back. The ledger's tables (posting, posting_line) lie beside these.

-- A rider is whoever pays: a real-name account with all its media, or a purse by itself.
CREATE TABLE rider (
    rider_id      text PRIMARY KEY,
    kind          text   NOT NULL CHECK (kind IN ('account', 'purse', 'visitor')),
    liability     text,                       -- ledger account of our own passengers, else null
    balance_fen   bigint NOT NULL DEFAULT 0,  -- fold of that ledger account, kept with it
    limit_fen     bigint NOT NULL DEFAULT 0,  -- how far below zero it may go by agreement
    held_fen      bigint NOT NULL DEFAULT 0,  -- reserved for an open trip: available = balance - held
    last_tap_key  text   NOT NULL DEFAULT '', -- order key of the newest tap folded in
    open_since_s  bigint,                     -- entry of the trip that is still open
    state         text   NOT NULL DEFAULT ''  -- fold state, JSON
);
CREATE INDEX rider_open ON rider (open_since_s) WHERE open_since_s IS NOT NULL;
CREATE INDEX rider_overdrawn ON rider (rider_id) WHERE balance_fen < 0;

-- The fold state as it was before the rider's first tap of a business day: where a late tap
-- starts the fold again.
CREATE TABLE rider_checkpoint (
    rider_id      text NOT NULL,
    business_date date NOT NULL,
    state         text NOT NULL,
    PRIMARY KEY (rider_id, business_date)
);

CREATE TABLE medium (
    medium_no   text PRIMARY KEY,
    rider_id    text NOT NULL,
    medium_kind text NOT NULL,
    scheme      text NOT NULL,
    product     text NOT NULL,
    denied      text NOT NULL DEFAULT ''      -- reason code while on the deny list
);
CREATE INDEX medium_by_rider ON medium (rider_id);
CREATE INDEX medium_denied ON medium (medium_no) WHERE denied <> '';

-- Evidence: every tap once, for ever. Two taps of one identity and different content both stay.
CREATE TABLE tap (
    terminal_id   text     NOT NULL,
    epoch         bigint   NOT NULL,
    seq           bigint   NOT NULL,
    content_hash  text     NOT NULL,
    rider_id      text     NOT NULL,
    order_key     text     NOT NULL,
    time_s        bigint   NOT NULL,
    business_date date     NOT NULL,
    mode          text     NOT NULL,
    station       text     NOT NULL,
    outcome       text     NOT NULL,
    reason        text     NOT NULL,
    site          text     NOT NULL,
    received_s    bigint   NOT NULL,
    body          text     NOT NULL,
    PRIMARY KEY (terminal_id, epoch, seq)
);
CREATE INDEX tap_by_rider ON tap (rider_id, order_key);
CREATE INDEX tap_by_day ON tap (business_date, outcome);

CREATE TABLE tap_quarantine (
    terminal_id  text   NOT NULL,
    epoch        bigint NOT NULL,
    seq          bigint NOT NULL,
    content_hash text   NOT NULL,
    reason       text   NOT NULL,
    site         text   NOT NULL,
    received_s   bigint NOT NULL,
    body         text   NOT NULL,
    PRIMARY KEY (terminal_id, epoch, seq, content_hash)
);

CREATE TABLE upload (                         -- batches seen, for receipts and for the console
    site         text   NOT NULL,
    batch_sha256 text   NOT NULL,
    received_s   bigint NOT NULL,
    taps         int    NOT NULL,
    duplicates   int    NOT NULL,
    times_seen   int    NOT NULL DEFAULT 1,
    PRIMARY KEY (site, batch_sha256)
);

-- The current view of a trip; its history is in trip_revision.
CREATE TABLE trip (
    trip_id       text PRIMARY KEY,
    rider_id      text     NOT NULL,
    order_key     text     NOT NULL,
    revision      int      NOT NULL,
    business_date date     NOT NULL,          -- of its first tap, for reports
    completed_on  date     NOT NULL,          -- business day of the tap that completed it
    medium_no     text     NOT NULL,
    medium_kind   text     NOT NULL,
    scheme        text     NOT NULL,
    issuer        text     NOT NULL,
    product       text     NOT NULL,
    funding       text     NOT NULL,
    place         text     NOT NULL,
    mode          text     NOT NULL,
    operator      text     NOT NULL,
    line          text     NOT NULL,
    origin        text     NOT NULL,
    destination   text     NOT NULL,
    entered_s     bigint   NOT NULL,
    exited_s      bigint   NOT NULL,
    how           text     NOT NULL,
    fare_fen      bigint   NOT NULL,
    charge_fen    bigint   NOT NULL,
    tariff        text     NOT NULL,
    remark        text     NOT NULL,
    fingerprint   text     NOT NULL,          -- of everything a revision would change
    lines         text     NOT NULL           -- price lines, JSON
);
CREATE INDEX trip_by_rider ON trip (rider_id, completed_on);
CREATE INDEX trip_by_day ON trip (business_date, how);

CREATE TABLE trip_tap (
    trip_id     text     NOT NULL,
    revision    int      NOT NULL,
    terminal_id text     NOT NULL,
    epoch       bigint   NOT NULL,
    seq         bigint   NOT NULL,
    PRIMARY KEY (trip_id, revision, terminal_id, epoch, seq)
);
CREATE INDEX trip_tap_by_tap ON trip_tap (terminal_id, epoch, seq);

CREATE TABLE trip_revision (
    record_id   text PRIMARY KEY,             -- <trip_id>.<revision>
    trip_id     text   NOT NULL,
    revision    int    NOT NULL,
    issuer      text   NOT NULL,              -- member id of the issuer
    how         text   NOT NULL,
    charge_fen  bigint NOT NULL,
    delta_fen   bigint NOT NULL,
    posting_id  text   NOT NULL,
    occurred_s  bigint NOT NULL,
    booked_on   date   NOT NULL,
    record      text   NOT NULL,              -- what is presented, JSON
    file_id     text,                         -- the record file it went to the hub in
    UNIQUE (trip_id, revision)
);
CREATE INDEX trip_revision_unsent ON trip_revision (record_id) WHERE file_id IS NULL;
CREATE INDEX trip_revision_by_file ON trip_revision (file_id);

CREATE TABLE record_file (
    file_id         text PRIMARY KEY,
    number          int    NOT NULL UNIQUE,
    created_s       bigint NOT NULL,
    rows            int    NOT NULL,
    delta_sum_fen   bigint NOT NULL,
    manifest_sha256 text   NOT NULL,
    manifest        bytea  NOT NULL,
    data            bytea  NOT NULL,
    window_id       text,
    file_code       text
);

CREATE TABLE verdict (
    record_id text PRIMARY KEY,
    file_id   text NOT NULL,
    status    text NOT NULL,
    code      text NOT NULL,
    bearer    text NOT NULL,
    shares    text NOT NULL                   -- operator shares, JSON
);
CREATE INDEX verdict_by_code ON verdict (code);

-- Rides of our passengers in other cities, as the hub told us.
CREATE TABLE issuer_record (
    record_id  text PRIMARY KEY,
    window_id  text   NOT NULL,
    medium_no  text   NOT NULL,
    city       text   NOT NULL,
    charge_fen bigint NOT NULL,
    delta_fen  bigint NOT NULL,
    record     text   NOT NULL
);

CREATE TABLE statement (
    window_id  text   NOT NULL,
    member     text   NOT NULL,
    net_fen    bigint NOT NULL,
    body       text   NOT NULL,
    settled_s  bigint,
    bank_reference text,
    PRIMARY KEY (window_id, member)
);

CREATE TABLE payout (
    window_id  text   NOT NULL,
    operator   text   NOT NULL,
    amount_fen bigint NOT NULL,
    settled_s  bigint,
    bank_reference text,
    PRIMARY KEY (window_id, operator)
);

CREATE TABLE deny_list (
    version     int PRIMARY KEY,
    published_s bigint NOT NULL,
    entries     int    NOT NULL,
    message     bytea  NOT NULL
);

CREATE TABLE day_close (
    business_date date PRIMARY KEY,
    closed_s      bigint NOT NULL,
    half_trips    int    NOT NULL
);

-- The clearing house: members, record files and what became of every row, windows and what came
-- out of them, payments. The ledger's tables (posting, posting_line) lie beside these.
-- Identifiers sort by their bytes, so that every list has one order on every server.

CREATE TABLE member (
    member_id   text COLLATE "C" PRIMARY KEY,
    kind        text   NOT NULL CHECK (kind IN ('issuer', 'acquirer')),
    city        text   NOT NULL,
    name_zh     text   NOT NULL,
    name_en     text   NOT NULL,
    enrolled_s  bigint NOT NULL,
    suspended_s bigint                        -- null while in good standing
);

CREATE TABLE clearing_window (
    window_id        text COLLATE "C" PRIMARY KEY,
    state            text   NOT NULL CHECK (state IN ('open', 'closed', 'settling', 'settled')),
    cutoff_s         bigint NOT NULL,
    rulebook_version text,
    rulebook_sha256  text
);

CREATE TABLE window_event (                   -- every step of a window, never changed
    window_id text   NOT NULL REFERENCES clearing_window,
    number    int    NOT NULL,
    event     text   NOT NULL,
    at_s      bigint NOT NULL,
    PRIMARY KEY (window_id, number)
);

CREATE TABLE record_file (
    sender          text COLLATE "C" NOT NULL REFERENCES member,
    file_id         text COLLATE "C" NOT NULL,
    number          int    NOT NULL,          -- place in the sender's chain, from 1
    manifest_sha256 text   NOT NULL,
    previous_sha256 text   NOT NULL,
    data_sha256     text   NOT NULL,
    received_s      bigint NOT NULL,
    window_id       text   NOT NULL REFERENCES clearing_window,
    rows            int    NOT NULL,
    accepted        int    NOT NULL,
    held            int    NOT NULL,
    rejected        int    NOT NULL,
    accepted_fen    bigint NOT NULL,
    manifest        bytea  NOT NULL,
    data            bytea  NOT NULL,
    verdicts        bytea  NOT NULL,
    PRIMARY KEY (sender, file_id),
    UNIQUE (sender, number),
    UNIQUE (sender, previous_sha256)          -- the chain cannot fork
);
CREATE INDEX record_file_by_window ON record_file (window_id);

-- What a charge was split by, frozen; shared by all records with the same path and version.
CREATE TABLE split_basis (
    basis_id text PRIMARY KEY,
    body     text NOT NULL
);

-- A record that stands: accepted, on hold, or carried until its member is back. One row for ever;
-- only a carried one changes, when it is let into a window.
CREATE TABLE record (
    record_id    text COLLATE "C" PRIMARY KEY,
    trip_id      text     NOT NULL,
    revision     int      NOT NULL,
    sender       text     NOT NULL,
    file_id      text     NOT NULL,
    row_no       int      NOT NULL,
    status       text     NOT NULL CHECK (status IN ('accepted', 'held', 'carried')),
    codes        text     NOT NULL,           -- the deciding one first, separated by spaces
    detail       text     NOT NULL,
    window_id    text COLLATE "C",            -- set exactly when accepted
    admitted_s   bigint,
    issuer       text COLLATE "C" NOT NULL,
    acquirer     text COLLATE "C" NOT NULL,
    charge_fen   bigint   NOT NULL,
    delta_fen    bigint   NOT NULL,
    content_hash bytea    NOT NULL,
    basis_id     text     NOT NULL,
    operators    text[]   NOT NULL,           -- shares of delta_fen, in order of operator
    share_fen    bigint[] NOT NULL,
    whole        text     NOT NULL,           -- split of charge_fen, JSON
    body         text     NOT NULL,           -- the record, canonical JSON
    CHECK ((status = 'accepted') = (window_id IS NOT NULL))
);
CREATE INDEX record_by_window ON record (window_id);
CREATE INDEX record_waiting ON record (status) WHERE status <> 'accepted';

-- A row without standing: rejected, or held beside the record that already has its name.
CREATE TABLE refused_row (
    sender    text  NOT NULL,
    file_id   text  NOT NULL,
    row_no    int   NOT NULL,
    record_id text  NOT NULL,
    status    text  NOT NULL CHECK (status IN ('held', 'rejected')),
    code      text  NOT NULL,
    detail    text  NOT NULL,
    content   bytea NOT NULL,
    PRIMARY KEY (sender, file_id, row_no)
);
CREATE INDEX refused_row_by_record ON refused_row (record_id);

-- Which trip each part of a tap pays for.
CREATE TABLE tap_claim (
    acquirer text COLLATE "C" NOT NULL,
    tap      text COLLATE "C" NOT NULL,
    trip_id  text NOT NULL,
    PRIMARY KEY (acquirer, tap)
);

-- The bilateral matrix of a closed window.
CREATE TABLE pair_net (
    window_id        text COLLATE "C" NOT NULL REFERENCES clearing_window,
    issuer           text COLLATE "C" NOT NULL,
    acquirer         text COLLATE "C" NOT NULL,
    is_cross_city    boolean NOT NULL,
    records          int     NOT NULL,
    delta_fen        bigint  NOT NULL,
    fee_fen          bigint  NOT NULL,
    fee_issuer_fen   bigint  NOT NULL,
    fee_acquirer_fen bigint  NOT NULL,
    fee_hub_fen      bigint  NOT NULL,
    PRIMARY KEY (window_id, acquirer, issuer)
);

CREATE TABLE operator_net (
    window_id text COLLATE "C" NOT NULL REFERENCES clearing_window,
    issuer    text COLLATE "C" NOT NULL,
    acquirer  text COLLATE "C" NOT NULL,
    operator  text COLLATE "C" NOT NULL,
    share_fen bigint NOT NULL,
    fee_fen   bigint NOT NULL,
    PRIMARY KEY (window_id, acquirer, issuer, operator)
);

CREATE TABLE member_position (
    window_id  text COLLATE "C" NOT NULL REFERENCES clearing_window,
    member     text COLLATE "C" NOT NULL REFERENCES member,
    debit_fen  bigint NOT NULL,
    credit_fen bigint NOT NULL,
    net_fen    bigint NOT NULL,               -- above zero: the member pays
    PRIMARY KEY (window_id, member),
    CHECK (net_fen = debit_fen - credit_fen)
);

-- What was handed out, byte for byte: statements in every form, issuer details, late verdicts.
CREATE TABLE document (
    window_id text COLLATE "C" NOT NULL REFERENCES clearing_window,
    kind      text COLLATE "C" NOT NULL,
    party     text COLLATE "C" NOT NULL,
    sha256    text  NOT NULL,
    content   bytea NOT NULL,
    PRIMARY KEY (window_id, kind, party)
);

CREATE TABLE instruction (
    instruction_id text COLLATE "C" PRIMARY KEY,
    window_id      text COLLATE "C" NOT NULL REFERENCES clearing_window,
    phase          int    NOT NULL CHECK (phase IN (1, 2, 3)),
    message        text   NOT NULL,
    debtor         text COLLATE "C" NOT NULL,
    creditor       text COLLATE "C" NOT NULL,
    amount_fen     bigint NOT NULL CHECK (amount_fen > 0),
    settles_on     date   NOT NULL,
    due_s          bigint NOT NULL,
    state          text   NOT NULL CHECK (state IN ('issued', 'settled', 'rejected')),
    reported_s     bigint,
    bank_reference text,
    sha256         text   NOT NULL,
    content        bytea  NOT NULL
);
CREATE INDEX instruction_by_window ON instruction (window_id, phase);

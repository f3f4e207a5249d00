-- What the city publishes for its gates besides the deny list: handed in by one person, released by
-- another, kept for good as it was sealed.

CREATE TABLE gate_list (
    draft_no      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text   NOT NULL,
    content       bytea  NOT NULL,
    follows       bigint NOT NULL,             -- the newest version when it was handed in
    not_before_s  bigint NOT NULL,             -- 0: from its release on
    not_after_s   bigint NOT NULL,             -- 0: no end is set
    why           text   NOT NULL,
    drafted_by    text   NOT NULL,
    drafted_s     bigint NOT NULL,
    lapses_s      bigint NOT NULL,             -- nobody may release it from here on
    version       bigint,
    released_by   text,
    released_s    bigint,
    message       bytea,
    UNIQUE (name, version),
    CHECK (released_by <> drafted_by),         -- maker and checker are two
    CHECK (num_nonnulls(version, released_by, released_s, message) IN (0, 4))
);

-- Ride codes as they were shown, of trips that stand: one display stands for two rides at most, in
-- whatever file and city they are presented. Rides from before this table are not in it: a code is
-- good for minutes, and what is older than the files on their way cannot come again.

CREATE TABLE code_display (
    code    bytea NOT NULL,                   -- 128 bits of the SHA-256 of the code
    trip_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (code, trip_id)
);

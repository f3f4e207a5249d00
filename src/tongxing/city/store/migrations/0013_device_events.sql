-- What devices told that had happened to them: storage swapped, registers of displays lost.

CREATE TABLE device_event (
    device   text   NOT NULL REFERENCES device,
    number   bigint NOT NULL,                  -- the device's own, rising
    at_s     bigint NOT NULL,                  -- on the device's clock
    heard_s  bigint NOT NULL,
    kind     text   NOT NULL,
    "values" jsonb  NOT NULL,
    PRIMARY KEY (device, number)
);
CREATE INDEX device_event_by_time ON device_event (heard_s DESC, number DESC);

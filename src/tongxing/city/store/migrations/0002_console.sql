-- What the console's pages ask of a business day, answered from an index alone.

CREATE INDEX tap_figures ON tap (business_date, outcome, reason, time_s, received_s);
CREATE INDEX trip_figures ON trip (business_date, how, mode, issuer, revision)
    INCLUDE (fare_fen, charge_fen);
CREATE INDEX trip_newest ON trip (business_date, entered_s, trip_id);

-- Every line of the bank that was booked, once. A return gives back what an earlier line of the same
-- party and window moved. What was settled before this table was there has its line here too.

CREATE TABLE bank_movement (
    number         bigint GENERATED ALWAYS AS IDENTITY,
    window_id      text   NOT NULL,
    party          text   NOT NULL,           -- a member of ours (a leg with the hub), or an operator
    bank_reference text COLLATE "C" NOT NULL,
    payment        text COLLATE "C" NOT NULL, -- its end-to-end id; '' where nobody named it
    amount_fen     bigint NOT NULL,           -- as the bank shows it: above zero came in
    return_reason  text   NOT NULL,           -- '' for a payment
    booked_s       bigint NOT NULL,
    PRIMARY KEY (window_id, party, bank_reference)
);
INSERT INTO bank_movement (window_id, party, bank_reference, payment, amount_fen, return_reason, booked_s)
    SELECT window_id, member, coalesce(bank_reference, ''), '', net_fen, '', settled_s
    FROM statement WHERE settled_s IS NOT NULL
    UNION ALL SELECT window_id, operator, coalesce(bank_reference, ''), '', -amount_fen, '', settled_s
    FROM payout WHERE settled_s IS NOT NULL ORDER BY 1, 2;

-- Payouts that the bank turned down, and those that two persons sent again: one successor at most.
CREATE TABLE payout_refused (
    payment   text COLLATE "C" PRIMARY KEY,
    window_id text   NOT NULL,
    operator  text   NOT NULL,
    reason    text   NOT NULL,
    told_s    bigint NOT NULL,
    FOREIGN KEY (window_id, operator) REFERENCES payout
);

CREATE TABLE payout_reissue (
    payment      text COLLATE "C" PRIMARY KEY,
    window_id    text   NOT NULL,
    operator     text   NOT NULL,
    account      text   NOT NULL,             -- where it is to be paid to; '' as before
    why          text   NOT NULL,
    proposed_by  text   NOT NULL,
    proposed_s   bigint NOT NULL,
    confirmed_by text,
    confirmed_s  bigint,
    successor    text COLLATE "C" UNIQUE,
    due_s        bigint,
    message      bytea,
    FOREIGN KEY (window_id, operator) REFERENCES payout,
    CHECK (confirmed_by <> proposed_by),
    CHECK (num_nulls(confirmed_by, confirmed_s, successor, due_s, message) IN (0, 5))
);
CREATE FUNCTION payout_reissue_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.confirmed_s IS NOT NULL THEN
        RAISE EXCEPTION 'that a payout is sent again is final: % refused', TG_OP;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payout_reissue_final BEFORE UPDATE OR DELETE ON payout_reissue
    FOR EACH ROW EXECUTE FUNCTION payout_reissue_is_final();

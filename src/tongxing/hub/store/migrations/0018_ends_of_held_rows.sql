-- A held record may end with another amount than it states, when its issuer and its acquirer agree: what was
-- agreed stands with the step.

ALTER TABLE record_event ADD COLUMN agreed_fen bigint;

-- Takes the last step of the schema away: as a daemon of the version before left the database.
DROP TABLE journal_checkpoint;
DROP TABLE data_keys;
DROP TABLE resealing;
DROP TABLE retired_sign_in_keys;
DROP INDEX cases_closed;
DROP TRIGGER journal_is_not_cut;
CREATE TRIGGER journal_is_not_cut BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
PRAGMA user_version = 7;

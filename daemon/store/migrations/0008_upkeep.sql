-- Where the journal begins: what was removed ends with this entry.
CREATE TABLE journal_checkpoint (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    seq       INTEGER NOT NULL,
    hash      BLOB NOT NULL,
    at        INTEGER NOT NULL,
    rule      TEXT NOT NULL,
    signature BLOB NOT NULL
) STRICT;
DROP TRIGGER journal_is_not_cut;
CREATE TRIGGER journal_is_not_cut BEFORE DELETE ON journal
WHEN old.seq > coalesce((SELECT seq FROM journal_checkpoint), 0)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

-- Keys that seal rows, themselves sealed with the keyring. A number is never given twice.
CREATE TABLE data_keys (
    number  INTEGER PRIMARY KEY,
    made_at INTEGER NOT NULL,
    sealed  BLOB NOT NULL
) STRICT;

-- A row for as long as rows may be sealed with an older key than the newest.
CREATE TABLE resealing (since INTEGER NOT NULL) STRICT;

-- Public keys that signed sign-ins until lately.
CREATE TABLE retired_sign_in_keys (
    public_key BLOB NOT NULL PRIMARY KEY,
    until      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX cases_closed ON cases (opened_at) WHERE closed = 1;

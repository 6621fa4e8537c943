CREATE TABLE cases (
    number        INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    account       TEXT NOT NULL,
    state         TEXT NOT NULL,
    reason        TEXT NOT NULL,
    policy        TEXT NOT NULL,
    opened_at     INTEGER NOT NULL,
    next_deadline INTEGER,
    closed        INTEGER NOT NULL,
    recovered_at  INTEGER,
    revision      INTEGER NOT NULL,
    body          BLOB NOT NULL -- sealed
) STRICT;
CREATE INDEX cases_by_account ON cases (account, opened_at);
CREATE INDEX cases_by_recovery ON cases (account, recovered_at) WHERE recovered_at IS NOT NULL;
CREATE INDEX cases_by_deadline ON cases (next_deadline) WHERE next_deadline IS NOT NULL;
CREATE INDEX cases_open ON cases (number) WHERE closed = 0;

CREATE TABLE tokens (
    hash       BLOB NOT NULL PRIMARY KEY,
    purpose    TEXT NOT NULL,
    case_id    TEXT NOT NULL,
    challenge  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    spent_at   INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_expiry ON tokens (expires_at);

CREATE TABLE outbox (
    number       INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    case_id      TEXT,
    channel      TEXT NOT NULL,
    at_most_once INTEGER NOT NULL,
    not_before   INTEGER NOT NULL,
    deadline     INTEGER NOT NULL,
    state        TEXT NOT NULL,
    attempt      INTEGER NOT NULL,
    ended_at     INTEGER,
    payload      BLOB -- sealed; gone once the delivery has ended
) STRICT;
CREATE INDEX outbox_queued ON outbox (not_before) WHERE state = 'queued';
CREATE INDEX outbox_taken ON outbox (number) WHERE state = 'taken';
CREATE INDEX outbox_done ON outbox (ended_at) WHERE state = 'done';

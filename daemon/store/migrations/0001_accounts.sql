-- Keys that only this database needs, sealed with the keyring.
CREATE TABLE secrets (
    name   TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    number     INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    realm      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    body       BLOB NOT NULL, -- sealed
    password   BLOB           -- sealed
) STRICT;

CREATE TABLE devices (
    number      INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    account     TEXT NOT NULL,
    label       TEXT NOT NULL,
    form        TEXT NOT NULL,
    status      TEXT NOT NULL,
    enrolled_at INTEGER NOT NULL,
    drift       INTEGER NOT NULL,
    last_step   INTEGER NOT NULL,
    secret      BLOB NOT NULL -- sealed
) STRICT;
CREATE INDEX devices_by_account ON devices (account);

CREATE TABLE recovery_codes (
    account  TEXT NOT NULL,
    hash     BLOB NOT NULL,
    spent_at INTEGER,
    PRIMARY KEY (account, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE passes (
    account    TEXT NOT NULL,
    hash       BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    spent_at   INTEGER,
    PRIMARY KEY (account, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX passes_by_expiry ON passes (expires_at);

CREATE TABLE quotas (
    subject    BLOB NOT NULL PRIMARY KEY, -- keyed hash of scope and subject
    tally      BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX quotas_by_expiry ON quotas (expires_at);

CREATE TABLE failures (
    account     TEXT NOT NULL,
    factor      TEXT NOT NULL,
    consecutive INTEGER NOT NULL,
    last_at     INTEGER NOT NULL,
    known       INTEGER NOT NULL, -- whether the account was on file
    PRIMARY KEY (account, factor)
) STRICT, WITHOUT ROWID;
CREATE INDEX failures_of_unknown ON failures (last_at) WHERE known = 0;

CREATE TABLE failure_minutes (
    account TEXT NOT NULL,
    minute  INTEGER NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (account, minute)
) STRICT, WITHOUT ROWID;
CREATE INDEX failure_minutes_by_time ON failure_minutes (minute);

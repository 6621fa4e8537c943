CREATE TABLE policies (
    number    INTEGER PRIMARY KEY,
    version   TEXT NOT NULL UNIQUE,
    stored_at INTEGER NOT NULL,
    files     TEXT NOT NULL
) STRICT;

CREATE TABLE decisions (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    case_id TEXT NOT NULL,
    version TEXT NOT NULL,
    hook    TEXT NOT NULL,
    micros  INTEGER NOT NULL,
    body    BLOB NOT NULL -- sealed: the question and the answer
) STRICT;

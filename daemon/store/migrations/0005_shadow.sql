-- The candidate set that is asked beside the one in force; the last one stays on file after it was stopped.
CREATE TABLE shadow (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    version    TEXT NOT NULL,
    files      TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    stopped_at INTEGER,
    asked      INTEGER NOT NULL DEFAULT 0,
    same       INTEGER NOT NULL DEFAULT 0,
    weaker     INTEGER NOT NULL DEFAULT 0,
    stronger   INTEGER NOT NULL DEFAULT 0,
    failing    INTEGER NOT NULL DEFAULT 0,
    other      INTEGER NOT NULL DEFAULT 0,
    dropped    INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Numbers are never given twice, so that whoever reads page by page misses nothing.
CREATE TABLE differences (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    case_id TEXT NOT NULL,
    version TEXT NOT NULL,
    hook    TEXT NOT NULL,
    change  TEXT NOT NULL,
    body    BLOB NOT NULL -- sealed: the question and both answers
) STRICT;

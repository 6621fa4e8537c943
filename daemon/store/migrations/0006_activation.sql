-- Which version came into force when: the last row is the one in force.
CREATE TABLE activations (
    number      INTEGER PRIMARY KEY,
    version     TEXT NOT NULL,
    at          INTEGER NOT NULL,
    actor       TEXT NOT NULL,
    approved_by TEXT NOT NULL, -- a JSON list of actors
    tests       INTEGER NOT NULL,
    found       TEXT, -- what was found where the policies are, if anything was
    built_in    INTEGER NOT NULL -- whether that was the policy that is built in
) STRICT;
CREATE INDEX activations_by_version ON activations (version, number);

-- Until now every version that was kept had come into force.
INSERT INTO activations (version, at, actor, approved_by, tests, found, built_in)
SELECT version, stored_at, 'daemon', '[]', 0, version, 0 FROM policies ORDER BY number;

-- The version that waits for approval.
CREATE TABLE pending_policy (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    version  TEXT NOT NULL,
    files    TEXT NOT NULL,
    since    INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    tests    INTEGER NOT NULL,
    restores INTEGER NOT NULL, -- whether it was in force before
    found    TEXT,
    built_in INTEGER NOT NULL
) STRICT;
CREATE TABLE pending_approvals (
    number INTEGER PRIMARY KEY,
    actor  TEXT NOT NULL UNIQUE
) STRICT;

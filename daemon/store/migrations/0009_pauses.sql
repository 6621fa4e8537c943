-- Channels on which nothing is delivered until somebody resumes them.
CREATE TABLE pauses (
    channel TEXT NOT NULL PRIMARY KEY,
    since   INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    because TEXT NOT NULL
) STRICT, WITHOUT ROWID;

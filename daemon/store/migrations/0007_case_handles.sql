-- What staff, the journal and logs call a case: it follows from the id, which is a secret, and does not lead back. The
-- program fills it in for the cases that there are.
ALTER TABLE cases ADD COLUMN handle TEXT;
CREATE UNIQUE INDEX cases_by_handle ON cases (handle);

-- SPDX-License-Identifier: Apache-2.0
-- What each organisation has, counted where it changes: asking how the service
-- is must not count all of it again.  Jobs that wait or run have small indexes
-- of their own and are counted there.

CREATE TABLE org_count (
	org_id TEXT PRIMARY KEY REFERENCES organisation (id),
	cases INTEGER NOT NULL DEFAULT 0,
	submissions INTEGER NOT NULL DEFAULT 0,
	artefacts INTEGER NOT NULL DEFAULT 0,
	blobs INTEGER NOT NULL DEFAULT 0,
	bytes INTEGER NOT NULL DEFAULT 0,
	stored_bytes INTEGER NOT NULL DEFAULT 0,
	damaged INTEGER NOT NULL DEFAULT 0,
	jobs_done INTEGER NOT NULL DEFAULT 0,
	jobs_partial INTEGER NOT NULL DEFAULT 0,
	jobs_failed INTEGER NOT NULL DEFAULT 0,
	jobs_cancelled INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

INSERT INTO org_count (org_id) SELECT id FROM organisation;
UPDATE org_count SET (cases, submissions, artefacts) =
    (SELECT count(*), coalesce(sum(submissions), 0),
    coalesce(sum(artefacts), 0) FROM case_file
    WHERE org_id = org_count.org_id AND is_internal = 0);
UPDATE org_count SET (blobs, bytes, stored_bytes, damaged) =
    (SELECT count(*), coalesce(sum(size), 0), coalesce(sum(stored_size), 0),
    coalesce(sum(state <> 'ok'), 0) FROM blob
    WHERE org_id = org_count.org_id);
UPDATE org_count SET (jobs_done, jobs_partial, jobs_failed, jobs_cancelled) =
    (g.done, g.partial, g.failed, g.cancelled) FROM
    (SELECT org_id, sum(state = 'done') AS done,
    sum(state = 'partial') AS partial, sum(state = 'failed') AS failed,
    sum(state = 'cancelled') AS cancelled FROM job GROUP BY org_id) g
    WHERE g.org_id = org_count.org_id;

CREATE TRIGGER org_count_new AFTER INSERT ON organisation
BEGIN
	INSERT INTO org_count (org_id) VALUES (NEW.id);
END;

CREATE TRIGGER org_count_case AFTER INSERT ON case_file
WHEN NEW.is_internal = 0
BEGIN
	UPDATE org_count SET cases = cases + 1,
	submissions = submissions + NEW.submissions,
	artefacts = artefacts + NEW.artefacts WHERE org_id = NEW.org_id;
END;
CREATE TRIGGER org_count_case_grows
AFTER UPDATE OF submissions, artefacts ON case_file
WHEN NEW.is_internal = 0
BEGIN
	UPDATE org_count SET
	submissions = submissions + NEW.submissions - OLD.submissions,
	artefacts = artefacts + NEW.artefacts - OLD.artefacts
	WHERE org_id = NEW.org_id;
END;
CREATE TRIGGER org_count_case_goes AFTER DELETE ON case_file
WHEN OLD.is_internal = 0
BEGIN
	UPDATE org_count SET cases = cases - 1,
	submissions = submissions - OLD.submissions,
	artefacts = artefacts - OLD.artefacts WHERE org_id = OLD.org_id;
END;

CREATE TRIGGER org_count_blob AFTER INSERT ON blob
BEGIN
	UPDATE org_count SET blobs = blobs + 1, bytes = bytes + NEW.size,
	stored_bytes = stored_bytes + NEW.stored_size,
	damaged = damaged + (NEW.state <> 'ok') WHERE org_id = NEW.org_id;
END;
CREATE TRIGGER org_count_blob_changes
AFTER UPDATE OF size, stored_size, state ON blob
WHEN NEW.size <> OLD.size OR NEW.stored_size <> OLD.stored_size
    OR NEW.state <> OLD.state
BEGIN
	UPDATE org_count SET bytes = bytes + NEW.size - OLD.size,
	stored_bytes = stored_bytes + NEW.stored_size - OLD.stored_size,
	damaged = damaged + (NEW.state <> 'ok') - (OLD.state <> 'ok')
	WHERE org_id = NEW.org_id;
END;
CREATE TRIGGER org_count_blob_goes AFTER DELETE ON blob
BEGIN
	UPDATE org_count SET blobs = blobs - 1, bytes = bytes - OLD.size,
	stored_bytes = stored_bytes - OLD.stored_size,
	damaged = damaged - (OLD.state <> 'ok') WHERE org_id = OLD.org_id;
END;

CREATE TRIGGER org_count_job AFTER INSERT ON job
WHEN NEW.state NOT IN ('queued', 'running')
BEGIN
	UPDATE org_count SET jobs_done = jobs_done + (NEW.state = 'done'),
	jobs_partial = jobs_partial + (NEW.state = 'partial'),
	jobs_failed = jobs_failed + (NEW.state = 'failed'),
	jobs_cancelled = jobs_cancelled + (NEW.state = 'cancelled')
	WHERE org_id = NEW.org_id;
END;
CREATE TRIGGER org_count_job_ends AFTER UPDATE OF state ON job
WHEN NEW.state <> OLD.state AND (NEW.state NOT IN ('queued', 'running')
    OR OLD.state NOT IN ('queued', 'running'))
BEGIN
	UPDATE org_count SET
	jobs_done = jobs_done + (NEW.state = 'done') - (OLD.state = 'done'),
	jobs_partial =
	    jobs_partial + (NEW.state = 'partial') - (OLD.state = 'partial'),
	jobs_failed =
	    jobs_failed + (NEW.state = 'failed') - (OLD.state = 'failed'),
	jobs_cancelled = jobs_cancelled + (NEW.state = 'cancelled')
	    - (OLD.state = 'cancelled')
	WHERE org_id = NEW.org_id;
END;
CREATE TRIGGER org_count_job_goes AFTER DELETE ON job
WHEN OLD.state NOT IN ('queued', 'running')
BEGIN
	UPDATE org_count SET jobs_done = jobs_done - (OLD.state = 'done'),
	jobs_partial = jobs_partial - (OLD.state = 'partial'),
	jobs_failed = jobs_failed - (OLD.state = 'failed'),
	jobs_cancelled = jobs_cancelled - (OLD.state = 'cancelled')
	WHERE org_id = OLD.org_id;
END;

-- Units are numbered without a gap and never deleted: what is kept is the
-- last number without these.
CREATE INDEX unit_not_kept ON unit (seq) WHERE state <> 'kept';
CREATE INDEX verdict_supersedes ON verdict (supersedes)
    WHERE supersedes IS NOT NULL;
CREATE INDEX deletion_case ON deletion (case_id);

-- SPDX-License-Identifier: Apache-2.0
-- How long it takes, by month and class: from a case's number to the first
-- acknowledgement that was mailed, to its triage, its first verdict, its first
-- report.  Only counts and times: of no case, and of nobody.

ALTER TABLE case_file ADD COLUMN verdict_first_at INTEGER;

-- month: year and month of its end (UTC), as 202611; bound_s: the times that
-- are at most that long and longer than the bound before, 0 = longer than all
-- bounds; late: of those that had a due time.
CREATE TABLE stat_time (
	month INTEGER NOT NULL,
	class TEXT NOT NULL,
	what TEXT NOT NULL CHECK (what IN ('ack', 'triage', 'verdict',
	    'report')),
	bound_s INTEGER NOT NULL,
	n INTEGER NOT NULL,
	late INTEGER NOT NULL,
	sum_s INTEGER NOT NULL,
	max_s INTEGER NOT NULL,
	PRIMARY KEY (month, class, what, bound_s)
) STRICT, WITHOUT ROWID;

-- A row that is put in here is counted there, unless its case is an exercise
-- or Loep's own.
CREATE VIEW stat_time_new (case_id, what, ended_at) AS
    SELECT '', '', 0 WHERE false;
CREATE TRIGGER stat_time_put INSTEAD OF INSERT ON stat_time_new
BEGIN
	INSERT INTO stat_time (month, class, what, bound_s, n, late, sum_s,
	    max_s)
	SELECT CAST(strftime('%Y%m', NEW.ended_at / 1000000, 'unixepoch')
	    AS INTEGER), t.class, NEW.what,
	    CASE WHEN t.s <= 60 THEN 60 WHEN t.s <= 120 THEN 120
		WHEN t.s <= 300 THEN 300 WHEN t.s <= 900 THEN 900
		WHEN t.s <= 1800 THEN 1800 WHEN t.s <= 3600 THEN 3600
		WHEN t.s <= 7200 THEN 7200 WHEN t.s <= 14400 THEN 14400
		WHEN t.s <= 28800 THEN 28800 WHEN t.s <= 86400 THEN 86400
		WHEN t.s <= 172800 THEN 172800 WHEN t.s <= 345600 THEN 345600
		WHEN t.s <= 604800 THEN 604800
		WHEN t.s <= 1209600 THEN 1209600
		WHEN t.s <= 2592000 THEN 2592000
		WHEN t.s <= 7776000 THEN 7776000 ELSE 0 END,
	    1, t.due IS NOT NULL AND t.due < NEW.ended_at, t.s, t.s
	FROM (SELECT c.class_at_open AS class,
		max(0, NEW.ended_at - c.created_at) / 1000000 AS s,
		CASE NEW.what WHEN 'ack' THEN c.due_ack_at
		    WHEN 'triage' THEN c.due_triage_at
		    WHEN 'report' THEN c.due_report_at END AS due
	    FROM case_file c WHERE c.id = NEW.case_id AND c.exercise = 0
	    AND c.is_internal = 0) t WHERE true
	ON CONFLICT (month, class, what, bound_s) DO UPDATE SET n = n + 1,
	    late = late + excluded.late, sum_s = sum_s + excluded.sum_s,
	    max_s = max(max_s, excluded.max_s);
END;

-- What was before this.
UPDATE case_file SET verdict_first_at = v.at FROM (SELECT a.case_id,
	min(v.at) AS at FROM verdict v JOIN artefact a ON a.id = v.artefact_id
	GROUP BY 1) v WHERE v.case_id = case_file.id;
INSERT INTO stat_time_new SELECT case_id, 'ack', min(ended_at) FROM outbox
    WHERE kind = 'ack' AND state = 'sent' AND case_id IS NOT NULL GROUP BY 1;
INSERT INTO stat_time_new SELECT c.id, 'triage', c.triaged_at FROM case_file c
    WHERE c.triaged_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM case_move m
	WHERE m.to_case = c.id AND m.kind = 'split');
INSERT INTO stat_time_new SELECT id, 'verdict', verdict_first_at
    FROM case_file WHERE verdict_first_at IS NOT NULL;
INSERT INTO stat_time_new SELECT id, 'report', reported_at FROM case_file
    WHERE reported_at IS NOT NULL;

-- One acknowledgement is enough, whoever else got one.
CREATE TRIGGER stat_time_ack AFTER UPDATE OF state ON outbox
WHEN NEW.state = 'sent' AND OLD.state <> 'sent' AND NEW.kind = 'ack'
    AND NEW.case_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM outbox o
	WHERE o.case_id = NEW.case_id AND o.kind = 'ack'
	AND o.state = 'sent' AND o.id <> NEW.id)
BEGIN
	INSERT INTO stat_time_new VALUES (NEW.case_id, 'ack', NEW.ended_at);
END;
CREATE TRIGGER stat_time_triage AFTER UPDATE OF triaged_at ON case_file
WHEN OLD.triaged_at IS NULL AND NEW.triaged_at IS NOT NULL
BEGIN
	INSERT INTO stat_time_new VALUES (NEW.id, 'triage', NEW.triaged_at);
END;
CREATE TRIGGER stat_time_report AFTER UPDATE OF reported_at ON case_file
WHEN OLD.reported_at IS NULL AND NEW.reported_at IS NOT NULL
BEGIN
	INSERT INTO stat_time_new VALUES (NEW.id, 'report', NEW.reported_at);
END;
CREATE TRIGGER stat_time_verdict AFTER INSERT ON verdict
WHEN EXISTS (SELECT 1 FROM case_file c JOIN artefact a ON a.case_id = c.id
    WHERE a.id = NEW.artefact_id AND c.verdict_first_at IS NULL)
BEGIN
	UPDATE case_file SET verdict_first_at = NEW.at WHERE id =
	    (SELECT a.case_id FROM artefact a WHERE a.id = NEW.artefact_id);
	INSERT INTO stat_time_new SELECT a.case_id, 'verdict', NEW.at
	    FROM artefact a WHERE a.id = NEW.artefact_id;
END;

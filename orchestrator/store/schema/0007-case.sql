-- SPDX-License-Identifier: Apache-2.0
-- Work on cases: stages, the queue of people, messages, notes, tasks, what
-- happened, and what a day brought.

-- Whoever ran this installation alone goes on doing so.
UPDATE account
SET capabilities = capabilities || ' claim verdict approve_report withdraw '
    || 'manage_policy approve_policy activate_crisis approve_crisis '
    || 'legal_hold metrics_read'
WHERE ' ' || capabilities || ' ' LIKE '% manage_staff %'
    AND ' ' || capabilities || ' ' LIKE '% read_all_orgs %'
    AND ' ' || capabilities || ' ' LIKE '% submit %';

-- What a submitter is told.  state stays what machines ask: open or closed.
ALTER TABLE case_file ADD COLUMN stage TEXT NOT NULL DEFAULT 'received'
    CHECK (stage IN ('received', 'checking', 'waiting', 'analysing',
	'in_review', 'reported', 'closed', 'declined', 'withdrawn',
	'deleted'));
-- Counts up with every edit by people (version does with what a report
-- would show).
ALTER TABLE case_file ADD COLUMN edits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE case_file ADD COLUMN claimed_at INTEGER;
-- When each clock was met the first time.
ALTER TABLE case_file ADD COLUMN acked_at INTEGER;
ALTER TABLE case_file ADD COLUMN triaged_at INTEGER;
ALTER TABLE case_file ADD COLUMN reported_at INTEGER;
-- When the entity said that it sent its notifications, and when it first
-- heard from the CSIRT.
ALTER TABLE case_file ADD COLUMN nis2_early_warning_at INTEGER;
ALTER TABLE case_file ADD COLUMN nis2_notification_at INTEGER;
ALTER TABLE case_file ADD COLUMN nis2_final_at INTEGER;
ALTER TABLE case_file ADD COLUMN feedback_at INTEGER;
-- Kept beside the rows so that lists do not count.
ALTER TABLE case_file ADD COLUMN unread_in INTEGER NOT NULL DEFAULT 0;
ALTER TABLE case_file ADD COLUMN unread_out INTEGER NOT NULL DEFAULT 0;
ALTER TABLE case_file ADD COLUMN tasks_open INTEGER NOT NULL DEFAULT 0;
-- The gravest of what was last said of each of its artefacts.
ALTER TABLE case_file ADD COLUMN verdict TEXT CHECK (verdict IN ('malicious',
    'suspicious', 'benign', 'no_finding', 'undetermined'));
ALTER TABLE case_file ADD COLUMN verdict_confirmed INTEGER NOT NULL DEFAULT 0
    CHECK (verdict_confirmed IN (0, 1));
ALTER TABLE artefact ADD COLUMN verdict TEXT CHECK (verdict IN ('malicious',
    'suspicious', 'benign', 'no_finding', 'undetermined'));
ALTER TABLE artefact ADD COLUMN verdict_confirmed INTEGER NOT NULL DEFAULT 0
    CHECK (verdict_confirmed IN (0, 1));
ALTER TABLE verdict ADD COLUMN confirmed_at INTEGER;
-- [review] single_person: author and confirmer may be one.
ALTER TABLE verdict ADD COLUMN is_single_person INTEGER NOT NULL DEFAULT 0
    CHECK (is_single_person IN (0, 1));
CREATE INDEX artefact_verdict ON artefact (case_id, verdict, verdict_confirmed)
    WHERE verdict IS NOT NULL;

UPDATE case_file SET acked_at = created_at,
    stage = CASE WHEN state = 'closed' THEN 'closed'
	WHEN artefacts > 0 THEN 'checking' ELSE 'received' END;

-- The order of work for people: tier, rank, urgency (of the severity), then
-- turn.  Turns are start-time fair queueing among cases of equal key: an
-- organisation's next case starts behind its last one, or at the first turn
-- that still waits, whichever is later.  So one that sends a thousand cases
-- delays another by at most one, whatever was taken meanwhile.
ALTER TABLE case_file ADD COLUMN urgency INTEGER NOT NULL GENERATED ALWAYS AS
    (CASE coalesce(severity_set, severity_submitter) WHEN 'critical' THEN 0
    WHEN 'high' THEN 1 WHEN 'low' THEN 3 ELSE 2 END) VIRTUAL;
ALTER TABLE case_file ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;

CREATE INDEX case_queue ON case_file
    (crisis_tier, rank_at_open, urgency, turn, created_at, id)
    WHERE state = 'open' AND is_internal = 0;
CREATE INDEX case_waiting ON case_file
    (crisis_tier, rank_at_open, urgency, turn, created_at, id)
    WHERE state = 'open' AND is_internal = 0 AND owner_account_id IS NULL;
CREATE INDEX case_owned ON case_file (owner_account_id,
    crisis_tier, rank_at_open, urgency, turn, created_at, id)
    WHERE state = 'open' AND is_internal = 0 AND owner_account_id IS NOT NULL;
CREATE INDEX case_queue_stage ON case_file
    (stage, crisis_tier, rank_at_open, urgency, turn, created_at, id)
    WHERE state = 'open' AND is_internal = 0;
-- Lists with a filter.
CREATE INDEX case_stage ON case_file (stage, id) WHERE is_internal = 0;
CREATE INDEX case_state ON case_file (state, id) WHERE is_internal = 0;
CREATE INDEX case_owner ON case_file (owner_account_id, id);
CREATE INDEX case_org_stage ON case_file (org_id, stage, id);
CREATE INDEX case_org_state ON case_file (org_id, state, id);

-- The next turn of an organisation among cases of one key.
CREATE TABLE case_turn (
	tier INTEGER NOT NULL,
	rank INTEGER NOT NULL,
	urgency INTEGER NOT NULL,
	org_id TEXT NOT NULL,
	next INTEGER NOT NULL,
	PRIMARY KEY (tier, rank, urgency, org_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_turn_last ON case_turn (tier, rank, urgency, next);

-- Insert into it what shall get a turn among those of its key.
CREATE VIEW case_to_queue AS SELECT id, crisis_tier AS tier,
    rank_at_open AS rank, urgency, org_id FROM case_file;
CREATE TRIGGER case_queued INSTEAD OF INSERT ON case_to_queue
BEGIN
	INSERT INTO case_turn (tier, rank, urgency, org_id, next)
	VALUES (NEW.tier, NEW.rank, NEW.urgency, NEW.org_id, 0)
	ON CONFLICT DO NOTHING;
	UPDATE case_file SET turn = max(
	    (SELECT t.next FROM case_turn t WHERE t.tier = NEW.tier
		AND t.rank = NEW.rank AND t.urgency = NEW.urgency
		AND t.org_id = NEW.org_id),
	    coalesce((SELECT c.turn FROM case_file c
		WHERE c.crisis_tier = NEW.tier AND c.rank_at_open = NEW.rank
		AND c.urgency = NEW.urgency AND c.state = 'open'
		AND c.is_internal = 0 AND c.owner_account_id IS NULL
		AND c.id <> NEW.id ORDER BY c.turn LIMIT 1),
	    (SELECT max(t.next) FROM case_turn t WHERE t.tier = NEW.tier
		AND t.rank = NEW.rank AND t.urgency = NEW.urgency)))
	WHERE id = NEW.id;
	UPDATE case_turn SET next = 1 +
	    (SELECT c.turn FROM case_file c WHERE c.id = NEW.id)
	WHERE tier = NEW.tier AND rank = NEW.rank
	    AND urgency = NEW.urgency AND org_id = NEW.org_id;
END;

CREATE TRIGGER case_turn_first AFTER INSERT ON case_file
WHEN NEW.is_internal = 0
BEGIN
	INSERT INTO case_to_queue VALUES (NEW.id, NEW.crisis_tier,
	    NEW.rank_at_open, NEW.urgency, NEW.org_id);
END;

CREATE TRIGGER case_turn_again AFTER UPDATE OF severity_set,
    severity_submitter, crisis_tier, rank_at_open ON case_file
WHEN NEW.is_internal = 0 AND (OLD.crisis_tier <> NEW.crisis_tier
    OR OLD.rank_at_open <> NEW.rank_at_open OR OLD.urgency <> NEW.urgency)
BEGIN
	INSERT INTO case_to_queue VALUES (NEW.id, NEW.crisis_tier,
	    NEW.rank_at_open, NEW.urgency, NEW.org_id);
END;

UPDATE case_file SET turn = (SELECT count(*) FROM case_file e
    WHERE e.is_internal = 0 AND e.crisis_tier = case_file.crisis_tier
    AND e.rank_at_open = case_file.rank_at_open
    AND e.urgency = case_file.urgency AND e.org_id = case_file.org_id
    AND e.id < case_file.id);
INSERT INTO case_turn (tier, rank, urgency, org_id, next)
    SELECT crisis_tier, rank_at_open, urgency, org_id, 1 + max(turn)
    FROM case_file WHERE is_internal = 0 GROUP BY 1, 2, 3, 4;

-- What a submitter and the staff write to each other; what the staff writes
-- for itself is another table, so that no query can mix the two.
CREATE TABLE case_message (
	id TEXT PRIMARY KEY,
	case_id TEXT NOT NULL REFERENCES case_file (id),
	org_id TEXT NOT NULL,
	-- in: from the submitter; out: to the submitter.
	direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
	author TEXT NOT NULL REFERENCES account (id),
	text TEXT NOT NULL CHECK (length(text) > 0),
	created_at INTEGER NOT NULL,
	read_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX case_message_case ON case_message (case_id, id);
CREATE INDEX case_message_unread ON case_message (case_id, direction)
    WHERE read_at IS NULL;

CREATE TABLE case_note (
	id TEXT PRIMARY KEY,
	case_id TEXT NOT NULL REFERENCES case_file (id),
	author TEXT NOT NULL REFERENCES account (id),
	text TEXT NOT NULL CHECK (length(text) > 0),
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX case_note_case ON case_note (case_id, id);

CREATE TABLE case_handover (
	id TEXT PRIMARY KEY,
	case_id TEXT NOT NULL REFERENCES case_file (id),
	-- Who had it (nobody: NULL), who gets it, who did it.
	from_account TEXT REFERENCES account (id),
	to_account TEXT NOT NULL REFERENCES account (id),
	by_account TEXT NOT NULL REFERENCES account (id),
	note TEXT NOT NULL,
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX case_handover_case ON case_handover (case_id, id);

-- Tasks of more kinds, with somebody to do them.
CREATE TABLE case_task_new (
	id INTEGER PRIMARY KEY,
	case_id TEXT NOT NULL REFERENCES case_file (id),
	org_id TEXT NOT NULL,
	-- rescan, manual (somebody wrote it), others that a part of Loep makes.
	kind TEXT NOT NULL CHECK (kind NOT GLOB '*[^a-z_]*'),
	state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done')),
	rescan_id INTEGER REFERENCES rescan (id),
	text TEXT NOT NULL,
	created_by TEXT REFERENCES account (id),
	assignee TEXT REFERENCES account (id),
	due_at INTEGER,
	created_at INTEGER NOT NULL,
	done_at INTEGER,
	done_by TEXT REFERENCES account (id)
) STRICT;
INSERT INTO case_task_new (id, case_id, org_id, kind, state, rescan_id, text,
    created_at, done_at, done_by) SELECT id, case_id, org_id, kind, state,
    rescan_id, text, created_at, done_at, done_by FROM case_task;
DROP TABLE case_task;
ALTER TABLE case_task_new RENAME TO case_task;
CREATE INDEX case_task_case ON case_task (case_id, id);
UPDATE case_file SET tasks_open = (SELECT count(*) FROM case_task t
    WHERE t.case_id = case_file.id AND t.state = 'open');

CREATE TRIGGER case_task_count AFTER INSERT ON case_task
WHEN NEW.state = 'open'
BEGIN
	UPDATE case_file SET tasks_open = tasks_open + 1 WHERE id = NEW.case_id;
END;

CREATE TRIGGER case_task_change AFTER UPDATE OF state ON case_task
WHEN OLD.state <> NEW.state
BEGIN
	UPDATE case_file SET tasks_open = tasks_open
	    + (NEW.state = 'open') - (OLD.state = 'open')
	WHERE id = NEW.case_id;
END;

CREATE TRIGGER case_task_uncount AFTER DELETE ON case_task
WHEN OLD.state = 'open'
BEGIN
	UPDATE case_file SET tasks_open = tasks_open - 1 WHERE id = OLD.case_id;
END;

-- What happened, for people; the audit chain is the proof.  Of what is
-- internal a submitter sees nothing.
CREATE TABLE case_event (
	id INTEGER PRIMARY KEY,
	case_id TEXT NOT NULL REFERENCES case_file (id),
	at INTEGER NOT NULL,
	-- NULL: Loep itself.
	actor TEXT REFERENCES account (id),
	action TEXT NOT NULL CHECK (action NOT GLOB '*[^a-z_]*'),
	text TEXT NOT NULL DEFAULT '',
	is_internal INTEGER NOT NULL CHECK (is_internal IN (0, 1))
) STRICT;
CREATE INDEX case_event_case ON case_event (case_id, id);
CREATE INDEX case_event_shown ON case_event (case_id, id)
    WHERE is_internal = 0;
INSERT INTO case_event (case_id, at, actor, action, is_internal)
    SELECT id, created_at, created_by, 'opened', 0 FROM case_file
    WHERE is_internal = 0 ORDER BY id;

-- Words of titles and numbers, to find a case by the beginning of any.
-- Statements keep it, not triggers: those may not write to such a table.
CREATE VIRTUAL TABLE case_text USING fts5 (case_id UNINDEXED, org, title,
    number, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
INSERT INTO case_text (case_id, org, title, number)
    SELECT id, 'o' || replace(org_id, '-', ''), title, number FROM case_file
    WHERE is_internal = 0 ORDER BY id;
-- How many cases wait for somebody to take them, now.
CREATE TABLE stat_now (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	queue INTEGER NOT NULL
) STRICT;
INSERT INTO stat_now SELECT 1, count(*) FROM case_file WHERE state = 'open'
    AND is_internal = 0 AND exercise = 0 AND owner_account_id IS NULL;

CREATE TRIGGER stat_queue_add AFTER INSERT ON case_file
WHEN NEW.is_internal = 0 AND NEW.exercise = 0
BEGIN
	UPDATE stat_now SET queue = queue + 1;
END;

CREATE TRIGGER stat_queue_change AFTER UPDATE OF state, owner_account_id,
    exercise ON case_file
WHEN NEW.is_internal = 0
BEGIN
	UPDATE stat_now SET queue = queue + (NEW.state = 'open'
		AND NEW.owner_account_id IS NULL AND NEW.exercise = 0)
	    - (OLD.state = 'open' AND OLD.owner_account_id IS NULL
		AND OLD.exercise = 0);
END;

-- What a day (UTC, days since 1970) brought; queue is how many cases waited
-- at its end.
CREATE TABLE stat_day (
	day INTEGER NOT NULL,
	what TEXT NOT NULL CHECK (what IN ('opened', 'reported', 'closed',
	    'artefacts', 'runs', 'queue')),
	n INTEGER NOT NULL,
	PRIMARY KEY (day, what)
) STRICT, WITHOUT ROWID;
INSERT INTO stat_day SELECT created_at / 86400000000, 'opened', count(*)
    FROM case_file WHERE is_internal = 0 AND exercise = 0 GROUP BY 1;
INSERT INTO stat_day SELECT a.created_at / 86400000000, 'artefacts', count(*)
    FROM artefact a JOIN case_file c ON c.id = a.case_id
    WHERE a.is_visible = 1 AND a.is_internal = 0 AND c.is_internal = 0
    GROUP BY 1;
INSERT INTO stat_day SELECT created_at / 86400000000, 'runs', count(*)
    FROM job WHERE kind = 'detonate' GROUP BY 1;

-- SPDX-License-Identifier: Apache-2.0
-- Re-scans: what a change of the rules means for what is stored already.

-- An activation's re-scan is also its number: what was scanned at which
-- activation's rules is compared by it (job.rules_at).  The same version may
-- become active more than once.
CREATE TABLE rescan (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	kind TEXT NOT NULL
	    CHECK (kind IN ('activation', 'preview', 'hunt', 'retry')),
	state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'paused',
	    'done', 'cancelled', 'failed')),
	version_from INTEGER REFERENCES rule_version (seq),
	version_to INTEGER NOT NULL REFERENCES rule_version (seq),
	-- Of a retry, the re-scan whose gaps it is about.
	retry_of INTEGER REFERENCES rescan (id),
	account_id TEXT REFERENCES account (id),
	-- Who ordered it, and may see only this organisation; NULL = all.
	org_id TEXT REFERENCES organisation (id),
	-- Units 1 to scope, less those whose yara job was open; those up to
	-- the checkpoint are done.
	scope INTEGER NOT NULL,
	checkpoint INTEGER NOT NULL DEFAULT 0,
	rules_scan INTEGER NOT NULL DEFAULT 0,
	rules_withdraw INTEGER NOT NULL DEFAULT 0,
	rules_relabel INTEGER NOT NULL DEFAULT 0,
	-- candidates is what the index said; NULL until it was asked.
	candidates INTEGER,
	is_indexed INTEGER NOT NULL DEFAULT 0 CHECK (is_indexed IN (0, 1)),
	scanned INTEGER NOT NULL DEFAULT 0,
	bytes INTEGER NOT NULL DEFAULT 0,
	new INTEGER NOT NULL DEFAULT 0,
	lost INTEGER NOT NULL DEFAULT 0,
	changed INTEGER NOT NULL DEFAULT 0,
	same INTEGER NOT NULL DEFAULT 0,
	gaps INTEGER NOT NULL DEFAULT 0,
	-- All units are done; what is left is settling rule by rule.
	is_scanned INTEGER NOT NULL DEFAULT 0 CHECK (is_scanned IN (0, 1)),
	engine TEXT NOT NULL DEFAULT '',
	reason TEXT NOT NULL DEFAULT '',
	created_at INTEGER NOT NULL,
	started_at INTEGER,
	ended_at INTEGER
) STRICT;
CREATE INDEX rescan_activation ON rescan (id) WHERE kind = 'activation';
CREATE INDEX rescan_open ON rescan (id) WHERE state IN ('queued', 'running');
CREATE INDEX rescan_unfinished ON rescan (version_to)
    WHERE state IN ('queued', 'running', 'paused');

-- What is to be done about a rule.  scan: its matches are found anew;
-- withdraw: it is no longer active; relabel: it says something else about
-- itself (meta, tags, state) and means the same.
CREATE TABLE rescan_rule (
	id INTEGER PRIMARY KEY,
	rescan_id INTEGER NOT NULL REFERENCES rescan (id),
	what TEXT NOT NULL CHECK (what IN ('scan', 'withdraw', 'relabel')),
	namespace TEXT NOT NULL,
	name TEXT NOT NULL,
	closure BLOB,
	text_digest BLOB,
	state TEXT NOT NULL DEFAULT 'active',
	has_externals INTEGER NOT NULL DEFAULT 0,
	is_settled INTEGER NOT NULL DEFAULT 0 CHECK (is_settled IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX rescan_rule_name ON rescan_rule (rescan_id, namespace, name);
CREATE INDEX rescan_rule_open ON rescan_rule (rescan_id, id)
    WHERE is_settled = 0;

-- The difference between two versions, made when the second is approved, so
-- that its activation has little to do; a row "whole" marks the pair as known.
CREATE TABLE rescan_delta (
	version_from INTEGER NOT NULL,
	version_to INTEGER NOT NULL,
	what TEXT NOT NULL
	    CHECK (what IN ('whole', 'scan', 'withdraw', 'relabel')),
	namespace TEXT NOT NULL,
	name TEXT NOT NULL,
	closure BLOB,
	text_digest BLOB,
	state TEXT NOT NULL DEFAULT 'active',
	has_externals INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (version_from, version_to, what, namespace, name)
) STRICT, WITHOUT ROWID;

-- Matches that are what they were; only while the re-scan goes on.
CREATE TABLE rescan_seen (
	rescan_id INTEGER NOT NULL REFERENCES rescan (id),
	finding_id INTEGER NOT NULL,
	PRIMARY KEY (rescan_id, finding_id)
) STRICT, WITHOUT ROWID;

-- The diff.
CREATE TABLE rescan_change (
	id INTEGER PRIMARY KEY,
	rescan_id INTEGER NOT NULL REFERENCES rescan (id),
	unit INTEGER NOT NULL,
	artefact_id TEXT NOT NULL,
	case_id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	namespace TEXT NOT NULL,
	name TEXT NOT NULL,
	closure BLOB,
	what TEXT NOT NULL CHECK (what IN ('new', 'lost', 'changed', 'same')),
	score INTEGER NOT NULL DEFAULT 0,
	-- The match; of an activation it is the finding's.
	finding_id INTEGER,
	detail TEXT,
	at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX rescan_change_once
    ON rescan_change (rescan_id, unit, namespace, name);
CREATE INDEX rescan_change_page ON rescan_change (rescan_id, id);
CREATE INDEX rescan_change_case ON rescan_change (case_id, id);

-- Units, or pairs of a unit and a rule (name not empty), of which the re-scan
-- cannot tell.
CREATE TABLE rescan_gap (
	id INTEGER PRIMARY KEY,
	rescan_id INTEGER NOT NULL REFERENCES rescan (id),
	unit INTEGER NOT NULL,
	artefact_id TEXT NOT NULL,
	case_id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	namespace TEXT NOT NULL DEFAULT '',
	name TEXT NOT NULL DEFAULT '',
	reason TEXT NOT NULL,
	text TEXT NOT NULL DEFAULT '',
	state TEXT NOT NULL DEFAULT 'open'
	    CHECK (state IN ('open', 'retried', 'decided')),
	at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX rescan_gap_once
    ON rescan_gap (rescan_id, unit, namespace, name);
CREATE INDEX rescan_gap_open ON rescan_gap (rescan_id, id)
    WHERE state = 'open';

-- Cases whose outcome changed; told = version, report, task, notice are made.
CREATE TABLE rescan_case (
	rescan_id INTEGER NOT NULL REFERENCES rescan (id),
	case_id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	new INTEGER NOT NULL DEFAULT 0,
	lost INTEGER NOT NULL DEFAULT 0,
	changed INTEGER NOT NULL DEFAULT 0,
	is_told INTEGER NOT NULL DEFAULT 0 CHECK (is_told IN (0, 1)),
	PRIMARY KEY (rescan_id, case_id)
) STRICT, WITHOUT ROWID;

-- What a person is to look at; verdicts are never changed by themselves.
CREATE TABLE case_task (
	id INTEGER PRIMARY KEY,
	case_id TEXT NOT NULL REFERENCES case_file (id),
	org_id TEXT NOT NULL,
	kind TEXT NOT NULL CHECK (kind IN ('rescan')),
	state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done')),
	rescan_id INTEGER REFERENCES rescan (id),
	text TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	done_at INTEGER,
	done_by TEXT REFERENCES account (id)
) STRICT;
CREATE INDEX case_task_case ON case_task (case_id, id);

-- That a submitter is owed word of something that was found late.
CREATE TABLE late_detection (
	id INTEGER PRIMARY KEY,
	rescan_id INTEGER NOT NULL REFERENCES rescan (id),
	case_id TEXT NOT NULL REFERENCES case_file (id),
	org_id TEXT NOT NULL,
	new INTEGER NOT NULL,
	score INTEGER NOT NULL DEFAULT 0,
	state TEXT NOT NULL DEFAULT 'due'
	    CHECK (state IN ('due', 'sent', 'dropped')),
	created_at INTEGER NOT NULL,
	UNIQUE (rescan_id, case_id)
) STRICT;

-- Which re-scan found a match, and which one took it back.
ALTER TABLE finding ADD COLUMN rescan_id INTEGER REFERENCES rescan (id);
ALTER TABLE finding ADD COLUMN withdrawn_by INTEGER REFERENCES rescan (id);
CREATE INDEX finding_match ON finding (namespace, name)
    WHERE type = 'match' AND withdrawn_by IS NULL;

-- The last activation when the job was leased: its rules are what it runs.
ALTER TABLE job ADD COLUMN rules_at INTEGER REFERENCES rescan (id);

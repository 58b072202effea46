-- SPDX-License-Identifier: Apache-2.0
-- Rule sets: versions, their sources and their rules.  They are the site's,
-- not an organisation's.  A version that left "draft" is never changed but in
-- its state: what people set about a rule makes a new version.

-- The case that holds Loep's own files; nobody lists it or hands in to it.
ALTER TABLE case_file ADD COLUMN is_internal INTEGER NOT NULL DEFAULT 0
    CHECK (is_internal IN (0, 1));
CREATE UNIQUE INDEX case_internal ON case_file (is_internal)
    WHERE is_internal = 1;

-- Whoever manages the staff manages the rules, until told otherwise.
UPDATE account
SET capabilities = capabilities || ' manage_rules approve_rules activate_rules'
WHERE ' ' || capabilities || ' ' LIKE '% manage_staff %';

CREATE TABLE rule_version (
	seq INTEGER PRIMARY KEY,
	-- Of its rules with their states, in order; set when it is tested.
	digest BLOB CHECK (digest IS NULL OR length(digest) = 32),
	parent_seq INTEGER REFERENCES rule_version (seq),
	state TEXT NOT NULL CHECK (state IN ('draft', 'tested', 'approved',
	    'active', 'retired', 'rejected')),
	-- What the author says about it; what made it rejected.
	comment TEXT NOT NULL DEFAULT '',
	reason TEXT NOT NULL DEFAULT '',
	author TEXT NOT NULL REFERENCES account (id),
	approver TEXT REFERENCES account (id),
	activator TEXT REFERENCES account (id),
	-- Approved by its author, which the configuration allowed then.
	is_single_person INTEGER NOT NULL DEFAULT 0
	    CHECK (is_single_person IN (0, 1)),
	engine TEXT NOT NULL DEFAULT '',
	-- The sources as one file, and the job that read it.
	bundle_artefact_id TEXT REFERENCES artefact (id),
	job_id TEXT REFERENCES job (id),
	-- Records that came so far; of these, by state, as JSON.
	records INTEGER NOT NULL DEFAULT 0,
	counts TEXT NOT NULL DEFAULT '{}',
	-- The last result of `loep rules test`, as JSON.
	test TEXT,
	created_at INTEGER NOT NULL,
	tested_at INTEGER,
	approved_at INTEGER,
	activated_at INTEGER,
	retired_at INTEGER
) STRICT;
CREATE UNIQUE INDEX rule_version_active ON rule_version (state)
    WHERE state = 'active';
CREATE INDEX rule_version_job ON rule_version (job_id)
    WHERE job_id IS NOT NULL;

-- Where the rules of a version come from.
CREATE TABLE rule_source (
	version INTEGER NOT NULL REFERENCES rule_version (seq),
	name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
	kind TEXT NOT NULL
	    CHECK (kind IN ('folder', 'archive', 'git', 'misp', 'text')),
	location TEXT NOT NULL DEFAULT '',
	-- Of a repository, its commit.
	revision TEXT NOT NULL DEFAULT '',
	namespace TEXT NOT NULL DEFAULT '',
	licence TEXT NOT NULL DEFAULT '',
	tlp TEXT NOT NULL CHECK (tlp IN ('TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER',
	    'TLP:AMBER+STRICT', 'TLP:RED')),
	owner TEXT NOT NULL DEFAULT '',
	priority INTEGER NOT NULL DEFAULT 0,
	fetch_allowed INTEGER NOT NULL DEFAULT 0
	    CHECK (fetch_allowed IN (0, 1)),
	PRIMARY KEY (version, name)
) STRICT, WITHOUT ROWID;

-- One row for each rule of a version, also for those that are set aside.
-- What several versions share is in rule_closure and rule_text.
CREATE TABLE version_rule (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL REFERENCES rule_version (seq),
	namespace TEXT NOT NULL,
	name TEXT NOT NULL,
	-- 0 = the one of that name; what is rejected has a number of its own.
	copy INTEGER NOT NULL DEFAULT 0,
	-- NULL where it did not compile.
	closure BLOB CHECK (closure IS NULL OR length(closure) = 32),
	text_digest BLOB CHECK (text_digest IS NULL OR length(text_digest) = 32),
	state TEXT NOT NULL CHECK (state IN ('active', 'noisy', 'quarantined',
	    'disabled', 'rejected')),
	reason TEXT NOT NULL DEFAULT '',
	source TEXT NOT NULL DEFAULT '',
	path TEXT NOT NULL DEFAULT '',
	line INTEGER NOT NULL DEFAULT 0,
	score INTEGER NOT NULL DEFAULT 0 CHECK (score BETWEEN 0 AND 100),
	-- Of the slowest trial text, and the string that makes it slow.
	cost_ms INTEGER,
	cost_string TEXT NOT NULL DEFAULT '',
	-- What became of its samples, as JSON.
	tests TEXT NOT NULL DEFAULT '{}',
	is_private INTEGER NOT NULL DEFAULT 0 CHECK (is_private IN (0, 1)),
	is_global INTEGER NOT NULL DEFAULT 0 CHECK (is_global IN (0, 1)),
	has_externals INTEGER NOT NULL DEFAULT 0
	    CHECK (has_externals IN (0, 1)),
	is_volatile INTEGER NOT NULL DEFAULT 0 CHECK (is_volatile IN (0, 1)),
	CHECK (state = 'rejected' OR
	    (copy = 0 AND closure IS NOT NULL AND text_digest IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX version_rule_name
    ON version_rule (version, namespace, name, copy);
CREATE INDEX version_rule_closure ON version_rule (closure)
    WHERE closure IS NOT NULL;
CREATE INDEX version_rule_aside ON version_rule (version, state)
    WHERE state <> 'active';

-- What a rule means: one row for each closure that there ever was.
CREATE TABLE rule_closure (
	closure BLOB PRIMARY KEY CHECK (length(closure) = 32),
	-- lib/cond.h; of one that nothing narrows, TRUE.
	condition BLOB NOT NULL,
	condition_text TEXT NOT NULL DEFAULT '',
	-- Modules and external variables, as JSON.
	needs TEXT NOT NULL DEFAULT '{}'
) STRICT, WITHOUT ROWID;

-- What a rule says: its compile unit, and what is around the meaning.
CREATE TABLE rule_text (
	text_digest BLOB PRIMARY KEY CHECK (length(text_digest) = 32),
	unit BLOB NOT NULL,
	meta TEXT NOT NULL DEFAULT '{}',
	tags TEXT NOT NULL DEFAULT '[]'
) STRICT;

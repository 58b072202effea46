-- SPDX-License-Identifier: Apache-2.0
-- What leaves, who saw what, and what goes: reports that people write and
-- release, disclosures, the record of access, labels that changed, deletions.

-- A report is a row first and is rendered afterwards, again with each change
-- of its texts.  What the machine makes by itself has no author, and is a
-- draft that a person may take through the same gates.
CREATE TABLE report_new (
	id TEXT PRIMARY KEY,
	case_id TEXT NOT NULL REFERENCES case_file (id),
	org_id TEXT NOT NULL,
	rev INTEGER NOT NULL,
	kind TEXT NOT NULL DEFAULT 'triage' CHECK (kind IN ('triage',
	    'analysis', 'postmortem', 'advisory', 'late_detection')),
	language TEXT NOT NULL DEFAULT 'en'
	    CHECK (language IN ('nl', 'fr', 'de', 'en')),
	state TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'approved',
	    'returned', 'issued', 'superseded', 'recalled')),
	tlp TEXT NOT NULL,
	tlp_restriction TEXT,
	pap TEXT NOT NULL,
	-- The texts that people wrote: a JSON object.
	sections TEXT NOT NULL DEFAULT '{}',
	-- Counts up with every change of what the report says; what the two
	-- files show is that of rendered_version.
	version INTEGER NOT NULL DEFAULT 1,
	rendered_version INTEGER,
	job_id TEXT REFERENCES job (id),
	case_version INTEGER NOT NULL DEFAULT 0,
	is_final INTEGER NOT NULL CHECK (is_final IN (0, 1)),
	json_artefact_id TEXT REFERENCES artefact (id),
	html_artefact_id TEXT REFERENCES artefact (id),
	author TEXT REFERENCES account (id),
	-- Who took it to the reviewers; nobody approves what they wrote or sent.
	submitter TEXT REFERENCES account (id),
	approver TEXT REFERENCES account (id),
	is_single_person INTEGER NOT NULL DEFAULT 0
	    CHECK (is_single_person IN (0, 1)),
	-- The reviewer's or the recaller's last word.
	comment TEXT NOT NULL DEFAULT '',
	submitted_at INTEGER,
	approved_at INTEGER,
	issued_at INTEGER,
	recalled_at INTEGER,
	supersedes TEXT,
	created_at INTEGER NOT NULL,
	UNIQUE (case_id, rev),
	CHECK (state NOT IN ('approved', 'issued', 'superseded', 'recalled')
	    OR approver IS NOT NULL)
) STRICT, WITHOUT ROWID;
INSERT INTO report_new (id, case_id, org_id, rev, kind, language, state, tlp,
    tlp_restriction, pap, rendered_version, job_id, case_version, is_final,
    json_artefact_id, html_artefact_id, created_at)
SELECT id, case_id, org_id, rev, kind, 'en', 'draft', tlp, tlp_restriction,
    pap, 1, job_id, case_version, is_final, json_artefact_id,
    html_artefact_id, created_at FROM report;
DROP TABLE report;
ALTER TABLE report_new RENAME TO report;
CREATE INDEX report_json ON report (json_artefact_id);
CREATE INDEX report_html ON report (html_artefact_id);
CREATE INDEX report_job ON report (job_id);
-- One report of a case is the one that counts outside.
CREATE UNIQUE INDEX report_issued ON report (case_id) WHERE state = 'issued';

-- The persons of a disclosure under TLP:RED; of any other label it is the
-- organisation that disclosure.recipient names.
CREATE TABLE disclosure_reader (
	disclosure_id TEXT NOT NULL REFERENCES disclosure (id),
	account_id TEXT NOT NULL REFERENCES account (id),
	PRIMARY KEY (disclosure_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX disclosure_object ON disclosure (object_id);

-- Who saw, took or was given what, for those whose it is.  The audit chain
-- has the same events for good; these rows go with their case.
CREATE TABLE access_event (
	id INTEGER PRIMARY KEY,
	case_id TEXT NOT NULL REFERENCES case_file (id),
	org_id TEXT NOT NULL,
	at INTEGER NOT NULL,
	event TEXT NOT NULL CHECK (event NOT GLOB '*[^a-z_]*'),
	-- Nothing: the service itself.
	account_id TEXT REFERENCES account (id),
	role TEXT NOT NULL,
	purpose TEXT NOT NULL DEFAULT '',
	artefact_id TEXT,
	report_id TEXT
) STRICT;
CREATE INDEX access_event_case ON access_event (case_id, id);
CREATE INDEX access_event_viewed ON access_event (artefact_id, account_id, at)
    WHERE event = 'viewed';

-- What a case's labels were, and on whose word they became less strict.
CREATE TABLE label_change (
	id INTEGER PRIMARY KEY,
	case_id TEXT NOT NULL REFERENCES case_file (id),
	org_id TEXT NOT NULL,
	at INTEGER NOT NULL,
	account_id TEXT NOT NULL REFERENCES account (id),
	tlp_from TEXT NOT NULL,
	tlp_to TEXT NOT NULL,
	pap_from TEXT NOT NULL,
	pap_to TEXT NOT NULL,
	tlp_restriction TEXT,
	permission TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX label_change_case ON label_change (case_id, id);

-- Deletions: of a submission that is withdrawn, or of a whole case.  The
-- number stays taken; of what is gone, digests and dates are kept.
CREATE TABLE deletion (
	id TEXT PRIMARY KEY,
	case_id TEXT NOT NULL REFERENCES case_file (id),
	submission_id TEXT,
	org_id TEXT NOT NULL,
	number TEXT NOT NULL,
	kind TEXT NOT NULL
	    CHECK (kind IN ('withdrawal', 'deletion', 'retention')),
	-- running: rows go; proving: the vault says that the bytes are gone;
	-- signing: the certificate is made.
	state TEXT NOT NULL CHECK (state IN ('requested', 'refused', 'running',
	    'proving', 'signing', 'done')),
	reason TEXT NOT NULL DEFAULT '',
	requested_by TEXT REFERENCES account (id),
	requested_at INTEGER NOT NULL,
	approved_by TEXT REFERENCES account (id),
	approved_at INTEGER,
	is_single_person INTEGER NOT NULL DEFAULT 0
	    CHECK (is_single_person IN (0, 1)),
	executed_at INTEGER,
	certificate TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX deletion_open
    ON deletion (case_id, coalesce(submission_id, ''))
    WHERE state NOT IN ('done', 'refused');
CREATE INDEX deletion_work ON deletion (state)
    WHERE state IN ('running', 'proving', 'signing');

CREATE TABLE deletion_object (
	deletion_id TEXT NOT NULL REFERENCES deletion (id),
	sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
	size INTEGER NOT NULL,
	received_at INTEGER NOT NULL,
	-- Sent in, not derived.
	is_submitted INTEGER NOT NULL CHECK (is_submitted IN (0, 1)),
	-- kept: something else of the organisation's has the same content.
	state TEXT NOT NULL DEFAULT 'listed'
	    CHECK (state IN ('listed', 'gone', 'kept')),
	PRIMARY KEY (deletion_id, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX deletion_object_listed ON deletion_object (deletion_id)
    WHERE state = 'listed';

-- Work on it stops: it, or a part of it, is being deleted.
ALTER TABLE case_file ADD COLUMN is_deleting INTEGER NOT NULL DEFAULT 0
    CHECK (is_deleting IN (0, 1));
CREATE INDEX case_closed ON case_file (closed_at) WHERE closed_at IS NOT NULL;

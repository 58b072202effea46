-- SPDX-License-Identifier: Apache-2.0
-- Who is entitled to what, how the service runs, and the mails that say so.

-- A version of the policy is a document that never changes.  The first one is
-- put in by the program (store/policy/charter.json).
CREATE TABLE policy (
	version INTEGER PRIMARY KEY,
	parent INTEGER REFERENCES policy (version),
	state TEXT NOT NULL CHECK (state IN
	    ('draft', 'approved', 'active', 'retired', 'rejected')),
	regime TEXT NOT NULL,
	document TEXT NOT NULL,
	document_sha256 BLOB NOT NULL CHECK (length(document_sha256) = 32),
	comment TEXT NOT NULL DEFAULT '',
	reason TEXT NOT NULL DEFAULT '',
	-- Nothing = as soon as it is approved.
	effective_from INTEGER,
	review_due INTEGER,
	-- Nobody: it came with the program.
	proposed_by TEXT REFERENCES account (id),
	approved_by TEXT REFERENCES account (id),
	is_single_person INTEGER NOT NULL DEFAULT 0
	    CHECK (is_single_person IN (0, 1)),
	created_at INTEGER NOT NULL,
	decided_at INTEGER,
	retired_at INTEGER
) STRICT;
CREATE UNIQUE INDEX policy_active ON policy (state) WHERE state = 'active';
CREATE INDEX policy_waiting ON policy (effective_from)
    WHERE state = 'approved';

CREATE TRIGGER policy_no_change
    BEFORE UPDATE OF version, document, document_sha256 ON policy
BEGIN
	SELECT raise(ABORT, 'a policy is never changed; make a new version');
END;

-- A slot for one who is not entitled (E-2): two persons, for one case.
CREATE TABLE policy_exception (
	id TEXT PRIMARY KEY,
	org_id TEXT NOT NULL REFERENCES organisation (id),
	-- Nothing until the case is opened that it is used for.
	case_id TEXT REFERENCES case_file (id),
	state TEXT NOT NULL CHECK (state IN ('proposed', 'approved')),
	reason TEXT NOT NULL,
	policy_version INTEGER NOT NULL REFERENCES policy (version),
	proposed_by TEXT NOT NULL REFERENCES account (id),
	approved_by TEXT REFERENCES account (id),
	is_single_person INTEGER NOT NULL DEFAULT 0
	    CHECK (is_single_person IN (0, 1)),
	created_at INTEGER NOT NULL,
	approved_at INTEGER,
	expires_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX policy_exception_org ON policy_exception (org_id, state);
CREATE INDEX policy_exception_case ON policy_exception (case_id)
    WHERE case_id IS NOT NULL;

ALTER TABLE report_number ADD COLUMN org_id TEXT;
ALTER TABLE report_number ADD COLUMN policy_version INTEGER;

-- What people changed about how the service runs; the last one that is
-- entered counts, and none means normal.
CREATE TABLE operating_mode (
	seq INTEGER PRIMARY KEY,
	mode TEXT NOT NULL CHECK (mode IN
	    ('normal', 'national_incident', 'national_crisis')),
	exercise INTEGER NOT NULL DEFAULT 0 CHECK (exercise IN (0, 1)),
	state TEXT NOT NULL CHECK (state IN
	    ('proposed', 'entered', 'left', 'rejected')),
	reason TEXT NOT NULL,
	plan_reference TEXT NOT NULL DEFAULT '',
	-- JSON lists: ids of cases, codes of classes, names.
	cases TEXT NOT NULL DEFAULT '[]',
	classes TEXT NOT NULL DEFAULT '[]',
	outbound TEXT NOT NULL DEFAULT '[]',
	proposed_by TEXT NOT NULL REFERENCES account (id),
	proposed_at INTEGER NOT NULL,
	decided_by TEXT REFERENCES account (id),
	is_single_person INTEGER NOT NULL DEFAULT 0
	    CHECK (is_single_person IN (0, 1)),
	entered_at INTEGER,
	left_at INTEGER,
	left_by TEXT REFERENCES account (id),
	-- The audit chain's number when it began and ended.
	audit_from INTEGER,
	audit_to INTEGER
) STRICT;
CREATE UNIQUE INDEX operating_mode_proposed ON operating_mode (state)
    WHERE state = 'proposed';
CREATE UNIQUE INDEX operating_mode_entered ON operating_mode (state)
    WHERE state = 'entered';

-- Re-scans that the mode has paused go on when it is left.
ALTER TABLE rescan ADD COLUMN is_paused_by_mode INTEGER NOT NULL DEFAULT 0
    CHECK (is_paused_by_mode IN (0, 1));

ALTER TABLE organisation ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE account ADD COLUMN mail TEXT;
ALTER TABLE account ADD COLUMN language TEXT
    CHECK (language IN ('nl', 'fr', 'de', 'en'));

-- Mails to be sent: written with what they tell of, so that none is lost or
-- made twice.  held: the operating mode keeps it back.
CREATE TABLE outbox (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL CHECK (kind NOT GLOB '*[^a-z0-9_]*'),
	org_id TEXT NOT NULL REFERENCES organisation (id),
	account_id TEXT NOT NULL REFERENCES account (id),
	case_id TEXT REFERENCES case_file (id),
	number TEXT NOT NULL,
	address TEXT NOT NULL,
	language TEXT NOT NULL CHECK (language IN ('nl', 'fr', 'de', 'en')),
	tlp TEXT NOT NULL,
	mode TEXT NOT NULL,
	exercise INTEGER NOT NULL CHECK (exercise IN (0, 1)),
	-- What the text says beside the kind's words: a JSON object.
	detail TEXT NOT NULL DEFAULT '{}',
	state TEXT NOT NULL CHECK (state IN
	    ('queued', 'sending', 'held', 'sent', 'failed')),
	attempts INTEGER NOT NULL DEFAULT 0,
	next_at INTEGER NOT NULL,
	reason TEXT NOT NULL DEFAULT '',
	created_at INTEGER NOT NULL,
	ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_next ON outbox (next_at) WHERE state = 'queued';
CREATE INDEX outbox_open ON outbox (state)
    WHERE state IN ('queued', 'sending', 'held');
CREATE INDEX outbox_case ON outbox (case_id, account_id, kind)
    WHERE case_id IS NOT NULL;

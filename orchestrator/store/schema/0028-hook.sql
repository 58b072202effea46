-- SPDX-License-Identifier: Apache-2.0
-- Webhooks: where an organisation wants to be told, and what it is to be told.

CREATE TABLE hook (
	id TEXT PRIMARY KEY,
	org_id TEXT NOT NULL REFERENCES organisation (id),
	url TEXT NOT NULL,
	-- Words of store/hook.h, separated by blanks.
	events TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN
	    ('proposed', 'active', 'refused', 'disabled')),
	-- Why it was refused or disabled.
	reason TEXT NOT NULL DEFAULT '',
	-- Sealed, as secrets of second factors are (store/second.h).
	secret BLOB NOT NULL,
	-- The one before, that signs too until then.
	old_secret BLOB,
	old_until INTEGER,
	failures INTEGER NOT NULL DEFAULT 0,
	failing_since INTEGER,
	rest_until INTEGER NOT NULL DEFAULT 0,
	proposed_by TEXT NOT NULL REFERENCES account (id),
	created_at INTEGER NOT NULL,
	decided_by TEXT REFERENCES account (id),
	is_single_person INTEGER NOT NULL DEFAULT 0
	    CHECK (is_single_person IN (0, 1)),
	decided_at INTEGER,
	delivered_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX hook_org ON hook (org_id, state);

-- What is to be told: written with what it tells of.  held: the operating
-- mode keeps it back.
CREATE TABLE hook_delivery (
	id TEXT PRIMARY KEY,
	hook_id TEXT NOT NULL REFERENCES hook (id),
	org_id TEXT NOT NULL REFERENCES organisation (id),
	event TEXT NOT NULL CHECK (event NOT GLOB '*[^a-z._]*'),
	case_id TEXT REFERENCES case_file (id),
	submission_id TEXT,
	number TEXT,
	status TEXT,
	exercise INTEGER NOT NULL CHECK (exercise IN (0, 1)),
	state TEXT NOT NULL CHECK (state IN
	    ('queued', 'sending', 'held', 'delivered', 'failed')),
	attempts INTEGER NOT NULL DEFAULT 0,
	next_at INTEGER NOT NULL,
	-- The answer to the last attempt; 0 = there was none.
	code INTEGER NOT NULL DEFAULT 0,
	reason TEXT NOT NULL DEFAULT '',
	occurred_at INTEGER NOT NULL,
	-- Since then it is tried.
	queued_at INTEGER NOT NULL,
	ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX hook_delivery_next ON hook_delivery (next_at)
    WHERE state = 'queued';
CREATE INDEX hook_delivery_open ON hook_delivery (hook_id, state)
    WHERE state IN ('queued', 'sending', 'held');
CREATE INDEX hook_delivery_hook ON hook_delivery (hook_id, id);
CREATE INDEX hook_delivery_case ON hook_delivery (case_id)
    WHERE case_id IS NOT NULL;
CREATE INDEX hook_delivery_ended ON hook_delivery (ended_at)
    WHERE ended_at IS NOT NULL;

-- Attempts, by how they ended: counted as they happen.
CREATE TABLE metric_hook (
	outcome TEXT PRIMARY KEY,
	n INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

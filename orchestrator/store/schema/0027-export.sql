-- SPDX-License-Identifier: Apache-2.0
-- What leaves for others than its source: who they are, what they are given,
-- and on whose word; who looked a report's personal data through.

-- Those outside whom this CSIRT exchanges with.  A recipient gets nothing by
-- being here: each disclosure is a row of its own.
CREATE TABLE recipient (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL CHECK (kind IN ('community', 'partner', 'authority',
	    'organisation', 'individual')),
	name TEXT NOT NULL UNIQUE,
	contact TEXT NOT NULL DEFAULT '',
	-- Nothing stricter goes there, whoever agrees.
	tlp_max TEXT NOT NULL,
	-- Knows no TLP:AMBER+STRICT: gets TLP:RED in its place.
	lacks_strict INTEGER NOT NULL DEFAULT 0 CHECK (lacks_strict IN (0, 1)),
	sharing_group TEXT NOT NULL DEFAULT '',
	agreement TEXT NOT NULL DEFAULT '',
	agreement_until INTEGER,
	is_active INTEGER NOT NULL DEFAULT 0 CHECK (is_active IN (0, 1)),
	version INTEGER NOT NULL DEFAULT 1,
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- The groups that the charter names.  Whoever runs this is a member or not:
-- none is active before somebody says so.
INSERT INTO recipient (id, kind, name, tlp_max, created_at) VALUES
    ('01900000-0000-7000-8000-00000000e6c0', 'community', 'EGC group',
	'TLP:AMBER', 0),
    ('01900000-0000-7000-8000-00000000e6c1', 'community', 'TF-CSIRT',
	'TLP:AMBER', 0),
    ('01900000-0000-7000-8000-00000000e6c2', 'community', 'FIRST',
	'TLP:AMBER', 0),
    ('01900000-0000-7000-8000-00000000e6c3', 'community',
	'EU CSIRTs Network', 'TLP:AMBER', 0);

-- A disclosure to one of them: rendered first (that is the preview), then
-- asked for, agreed to by the source where the label takes that, approved by
-- somebody else, and sent with the first download.
ALTER TABLE disclosure ADD COLUMN recipient_id TEXT REFERENCES recipient (id);
ALTER TABLE disclosure ADD COLUMN format TEXT;
ALTER TABLE disclosure ADD COLUMN job_id TEXT;
ALTER TABLE disclosure ADD COLUMN payload_id TEXT;
ALTER TABLE disclosure ADD COLUMN removed_id TEXT;
-- Until then it is a preview, which nobody approves.
ALTER TABLE disclosure ADD COLUMN submitted_at INTEGER;
ALTER TABLE disclosure ADD COLUMN approved_at INTEGER;
ALTER TABLE disclosure ADD COLUMN is_single_person INTEGER NOT NULL DEFAULT 0
    CHECK (is_single_person IN (0, 1));
ALTER TABLE disclosure ADD COLUMN pii_reviewed_by TEXT
    REFERENCES account (id);
-- The source's word: asked until when, answered by whom, how.
ALTER TABLE disclosure ADD COLUMN consent_due_at INTEGER;
ALTER TABLE disclosure ADD COLUMN consent TEXT
    CHECK (consent IN ('given', 'denied', 'timeout'));
ALTER TABLE disclosure ADD COLUMN consent_by TEXT REFERENCES account (id);
ALTER TABLE disclosure ADD COLUMN consent_at INTEGER;
-- Why it was denied, by whomever.
ALTER TABLE disclosure ADD COLUMN reason TEXT NOT NULL DEFAULT '';
CREATE INDEX disclosure_consent ON disclosure (consent_due_at)
    WHERE state = 'consent_pending';
CREATE INDEX disclosure_job ON disclosure (job_id) WHERE job_id IS NOT NULL;

-- Who looked at what of a version may be personal data.
ALTER TABLE report ADD COLUMN pii_version INTEGER;
ALTER TABLE report ADD COLUMN pii_reviewed_by TEXT REFERENCES account (id);
ALTER TABLE report ADD COLUMN pii_reviewed_at INTEGER;

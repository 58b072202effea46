-- SPDX-License-Identifier: Apache-2.0
-- Sealed artefacts: OpenPGP messages, kept in that form alone, and the acts of
-- people that open one of them for one analysis.

-- Why it is sealed: nothing (nobody looked, or people set it); openpgp: an
-- encrypted message, as it was sent; enclosed: came out of one, and is
-- encrypted to the service's key; lifted: people took the seal away, and
-- nothing sets it again by itself.
ALTER TABLE artefact ADD COLUMN seal TEXT NOT NULL DEFAULT ''
    CHECK (seal NOT GLOB '*[^a-z]*');
CREATE INDEX artefact_seal ON artefact (seal) WHERE seal <> '';

CREATE TABLE unseal (
	id TEXT PRIMARY KEY,
	artefact_id TEXT NOT NULL REFERENCES artefact (id) ON DELETE CASCADE,
	org_id TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('requested', 'refused', 'running',
	    'done', 'failed')),
	analyst TEXT NOT NULL REFERENCES account (id),
	necessity TEXT NOT NULL,
	requested_at INTEGER NOT NULL,
	-- What the policy said then.
	is_second_needed INTEGER NOT NULL CHECK (is_second_needed IN (0, 1)),
	decided_by TEXT REFERENCES account (id),
	decided_at INTEGER,
	is_single_person INTEGER NOT NULL DEFAULT 0
	    CHECK (is_single_person IN (0, 1)),
	-- The reason of a refusal.
	answer TEXT NOT NULL DEFAULT '',
	-- Nothing of the plaintext is left since.
	destroyed_at INTEGER,
	CHECK (state NOT IN ('running', 'done', 'failed')
	    OR decided_by IS NOT NULL),
	CHECK ((state IN ('done', 'failed')) = (destroyed_at IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX unseal_open ON unseal (artefact_id)
    WHERE state IN ('requested', 'running');
CREATE INDEX unseal_artefact ON unseal (artefact_id, id);
CREATE INDEX unseal_running ON unseal (state) WHERE state = 'running';

-- The act that a job belongs to.  No job opens anything without one that
-- people decided and that is not over.
ALTER TABLE job ADD COLUMN unseal_id TEXT;
CREATE INDEX job_unseal ON job (unseal_id, state) WHERE unseal_id IS NOT NULL;
CREATE TRIGGER job_unseal_decided BEFORE INSERT ON job
WHEN (NEW.kind GLOB 'unseal_*' OR NEW.unseal_id IS NOT NULL) AND NOT (
    NEW.kind GLOB 'unseal_*' AND EXISTS (SELECT 1 FROM unseal u
    WHERE u.id = NEW.unseal_id AND u.state = 'running'))
BEGIN
	SELECT raise(ABORT, 'nobody decided that this is opened');
END;

CREATE TABLE metric_unseal (
	outcome TEXT PRIMARY KEY,
	n INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER metric_unseal_count AFTER UPDATE OF state ON unseal
WHEN NEW.state IN ('refused', 'done', 'failed')
BEGIN
	INSERT INTO metric_unseal (outcome, n) VALUES (NEW.state, 1)
	ON CONFLICT (outcome) DO UPDATE SET n = n + 1;
END;

-- Whoever may do everything may open seals, until told otherwise.
UPDATE account SET capabilities = capabilities || ' unseal'
WHERE ' ' || capabilities || ' ' LIKE '% manage_staff %'
    AND ' ' || capabilities || ' ' LIKE '% read_all_orgs %'
    AND ' ' || capabilities || ' ' LIKE '% submit %';

-- SPDX-License-Identifier: Apache-2.0
-- Rules that take long to compile hold nothing up, and are compiled once.

-- When loep-yara began to run the rules of an activation.
ALTER TABLE rescan ADD COLUMN used_at INTEGER;
UPDATE rescan SET used_at = created_at WHERE kind = 'activation';

-- Done, with an outcome, by rules that were replaced meanwhile: queued for the
-- new ones, and not leased before loep-yara runs them.
ALTER TABLE job ADD COLUMN is_held INTEGER NOT NULL DEFAULT 0
    CHECK (is_held IN (0, 1));
DROP INDEX job_queue;
CREATE INDEX job_queue ON job (kind, is_held, tier, rank, org_id, urgency, id)
    WHERE state = 'queued';
CREATE INDEX job_held ON job (id) WHERE is_held = 1;

-- Compiled sets: files beside the database, a few of them.  The signature is
-- the vault's, over the digest of the rules and of the file.
CREATE TABLE rules_image (
	slot INTEGER PRIMARY KEY CHECK (slot BETWEEN 0 AND 3),
	digest TEXT NOT NULL UNIQUE,
	used_at INTEGER NOT NULL,
	signature BLOB NOT NULL
) STRICT;

-- SPDX-License-Identifier: Apache-2.0
-- OpenPGP keys: the service's own, as loep-pgp reported them, and those of
-- organisations, to which mails to them are encrypted.

CREATE TABLE pgp_key (
	id TEXT PRIMARY KEY,
	owner TEXT NOT NULL CHECK (owner IN ('service', 'organisation')),
	org_id TEXT REFERENCES organisation (id),
	fpr TEXT NOT NULL CHECK (length(fpr) BETWEEN 40 AND 64
	    AND fpr NOT GLOB '*[^0-9A-F]*'),
	armor TEXT NOT NULL CHECK (length(armor) <= 65536),
	algorithm TEXT NOT NULL,
	bits INTEGER NOT NULL,
	-- A JSON list of texts; what the key says, and nobody else.
	user_ids TEXT NOT NULL,
	made_at INTEGER NOT NULL,
	-- The end of its use for encryption; NULL = never.
	expires_at INTEGER,
	is_revoked INTEGER NOT NULL CHECK (is_revoked IN (0, 1)),
	added_by TEXT REFERENCES account (id),
	added_at INTEGER NOT NULL,
	-- A person compared the fingerprint with what another way told them.
	verified_by TEXT REFERENCES account (id),
	verified_at INTEGER,
	verified_how TEXT,
	is_single_person INTEGER NOT NULL DEFAULT 0
	    CHECK (is_single_person IN (0, 1)),
	retired_by TEXT REFERENCES account (id),
	retired_at INTEGER,
	retired_why TEXT,
	-- The warning (in days before the end) that was sent last.
	warned_days INTEGER,
	CHECK ((owner = 'service') = (org_id IS NULL)),
	CHECK ((verified_at IS NULL) = (verified_by IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX pgp_key_fpr ON pgp_key (coalesce(org_id, ''), fpr);
CREATE INDEX pgp_key_expires ON pgp_key (expires_at)
    WHERE retired_at IS NULL AND is_revoked = 0;

-- Whoever administers accounts also looks after keys.
UPDATE account SET capabilities = capabilities || ' manage_keys'
WHERE ' ' || capabilities || ' ' LIKE '% manage_staff %';

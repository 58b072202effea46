-- SPDX-License-Identifier: Apache-2.0
-- Second factors are kept sealed (store/second.h): 48 bytes in the place of
-- 20.  Those that are there are sealed once the vault has given the key.

CREATE TABLE credential_new (
	account_id TEXT PRIMARY KEY REFERENCES account (id),
	login TEXT NOT NULL UNIQUE CHECK (length(login) BETWEEN 2 AND 128),
	password TEXT,
	password_at INTEGER,
	totp_secret BLOB CHECK (totp_secret IS NULL OR
	    length(totp_secret) IN (20, 48)),
	totp_pending BLOB CHECK (totp_pending IS NULL OR
	    length(totp_pending) IN (20, 48)),
	totp_step INTEGER NOT NULL DEFAULT 0,
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO credential_new SELECT account_id, login, password, password_at,
    totp_secret, totp_pending, totp_step, created_at FROM credential;
DROP TABLE credential;
ALTER TABLE credential_new RENAME TO credential;

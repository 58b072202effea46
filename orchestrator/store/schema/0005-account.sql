-- SPDX-License-Identifier: Apache-2.0
-- How accounts get in over the network.  Secrets are kept as digests only;
-- what a second device shares with us must stay readable.

CREATE TABLE credential (
	account_id TEXT PRIMARY KEY REFERENCES account (id),
	login TEXT NOT NULL UNIQUE CHECK (length(login) BETWEEN 2 AND 128),
	-- lib/password.h; NULL until an invitation is accepted.
	password TEXT,
	password_at INTEGER,
	totp_secret BLOB CHECK (totp_secret IS NULL OR
	    length(totp_secret) = 20),
	-- Shown, but not yet confirmed by a code.
	totp_pending BLOB CHECK (totp_pending IS NULL OR
	    length(totp_pending) = 20),
	-- The last step whose code was taken: none is taken twice.
	totp_step INTEGER NOT NULL DEFAULT 0,
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_code (
	account_id TEXT NOT NULL REFERENCES account (id),
	digest BLOB NOT NULL CHECK (length(digest) = 32),
	used_at INTEGER,
	PRIMARY KEY (account_id, digest)
) STRICT, WITHOUT ROWID;

-- Addresses that an account came from with success: a flood of failures from
-- elsewhere does not make it wait there.
CREATE TABLE account_address (
	account_id TEXT NOT NULL REFERENCES account (id),
	address TEXT NOT NULL,
	used_at INTEGER NOT NULL,
	PRIMARY KEY (account_id, address)
) STRICT, WITHOUT ROWID;

CREATE TABLE web_session (
	digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
	id TEXT NOT NULL UNIQUE,
	account_id TEXT NOT NULL REFERENCES account (id),
	address TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	used_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX web_session_account ON web_session (account_id);
CREATE INDEX web_session_expires ON web_session (expires_at);

CREATE TABLE api_token (
	id TEXT PRIMARY KEY,
	digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
	account_id TEXT NOT NULL REFERENCES account (id),
	name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
	-- At most these; what the account lost meanwhile is lost here, too.
	capabilities TEXT NOT NULL,
	created_by TEXT NOT NULL REFERENCES account (id),
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	used_at INTEGER,
	revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX api_token_account ON api_token (account_id, id);

CREATE TABLE invitation (
	digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
	account_id TEXT NOT NULL REFERENCES account (id),
	resets_totp INTEGER NOT NULL CHECK (resets_totp IN (0, 1)),
	created_by TEXT NOT NULL REFERENCES account (id),
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX invitation_account ON invitation (account_id);

-- A client certificate's key is exactly one service account's.
CREATE TABLE client_key (
	spki BLOB PRIMARY KEY CHECK (length(spki) = 32),
	account_id TEXT NOT NULL UNIQUE REFERENCES account (id),
	created_by TEXT NOT NULL REFERENCES account (id),
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

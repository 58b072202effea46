-- SPDX-License-Identifier: Apache-2.0
-- Signing in at an identity provider (OpenID Connect).  Secrets are kept as
-- digests only, but for what the provider is to be shown.

-- Somebody there is exactly one account here.
CREATE TABLE oidc_link (
	issuer TEXT NOT NULL,
	subject TEXT NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
	account_id TEXT NOT NULL REFERENCES account (id),
	created_by TEXT NOT NULL REFERENCES account (id),
	created_at INTEGER NOT NULL,
	used_at INTEGER,
	PRIMARY KEY (issuer, subject),
	UNIQUE (account_id, issuer)
) STRICT, WITHOUT ROWID;

-- Browsers that went there and may come back, once.
CREATE TABLE oidc_flow (
	state BLOB PRIMARY KEY CHECK (length(state) = 32),
	browser BLOB NOT NULL CHECK (length(browser) = 32),
	nonce TEXT NOT NULL,
	verifier TEXT NOT NULL,
	purpose TEXT NOT NULL CHECK (purpose IN ('login', 'link', 'invited')),
	account_id TEXT REFERENCES account (id),
	invitation BLOB CHECK (invitation IS NULL OR length(invitation) = 32),
	address TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX oidc_flow_address ON oidc_flow (address, created_at);
CREATE INDEX oidc_flow_created ON oidc_flow (created_at);
CREATE INDEX oidc_flow_expires ON oidc_flow (expires_at);

-- Signed in there, but a code of the second factor is missing.
CREATE TABLE oidc_half (
	digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
	account_id TEXT NOT NULL REFERENCES account (id),
	tries INTEGER NOT NULL DEFAULT 0,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX oidc_half_expires ON oidc_half (expires_at);

-- The provider vouched for a second factor of its own.
ALTER TABLE web_session ADD COLUMN has_second INTEGER NOT NULL DEFAULT 0
    CHECK (has_second IN (0, 1));

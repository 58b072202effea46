-- SPDX-License-Identifier: Apache-2.0
-- Signing in: proofs that it is still its person who uses a session, several
-- identity providers, people whom nobody here knows yet.

-- When the person of a session or token showed last that it is them; 0 = never.
ALTER TABLE web_session ADD COLUMN proved_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE api_token ADD COLUMN proved_at INTEGER NOT NULL DEFAULT 0;

-- At which provider somebody is that subject.
ALTER TABLE web_session ADD COLUMN oidc_issuer TEXT;
UPDATE web_session SET oidc_issuer = (SELECT l.issuer FROM oidc_link l
    WHERE l.account_id = web_session.account_id
    AND l.subject = web_session.oidc_subject)
    WHERE oidc_subject IS NOT NULL;

-- Who is away begins again: browsers lose a few minutes.
DROP TABLE oidc_flow;
CREATE TABLE oidc_flow (
	state BLOB PRIMARY KEY CHECK (length(state) = 32),
	browser BLOB NOT NULL CHECK (length(browser) = 32),
	issuer TEXT NOT NULL,
	nonce TEXT NOT NULL,
	verifier TEXT NOT NULL,
	purpose TEXT NOT NULL
	    CHECK (purpose IN ('login', 'link', 'invited', 'proof')),
	account_id TEXT REFERENCES account (id),
	invitation BLOB CHECK (invitation IS NULL OR length(invitation) = 32),
	-- The session that is to be proved, by its secret's digest.
	session BLOB CHECK (session IS NULL OR length(session) = 32),
	-- The page of ours that they wanted; '' = the first.
	target TEXT NOT NULL,
	address TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX oidc_flow_address ON oidc_flow (address, created_at);
CREATE INDEX oidc_flow_created ON oidc_flow (created_at);
CREATE INDEX oidc_flow_expires ON oidc_flow (expires_at);

DROP TABLE oidc_half;
CREATE TABLE oidc_half (
	digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
	account_id TEXT NOT NULL REFERENCES account (id),
	issuer TEXT NOT NULL,
	subject TEXT NOT NULL,
	sid TEXT NOT NULL,
	tries INTEGER NOT NULL DEFAULT 0,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX oidc_half_expires ON oidc_half (expires_at);

-- Log-out tokens that were heard, until no clock takes them any more.
CREATE TABLE oidc_heard (
	digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX oidc_heard_expires ON oidc_heard (expires_at);

-- Somebody whom a provider knows and nobody here: waits until a manager takes
-- them in.  No account, no right, no organisation.
CREATE TABLE oidc_stranger (
	id TEXT PRIMARY KEY,
	-- What they tell their manager.
	code TEXT NOT NULL UNIQUE,
	issuer TEXT NOT NULL,
	subject TEXT NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
	address TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	used_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	refused_at INTEGER,
	UNIQUE (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX oidc_stranger_created ON oidc_stranger (created_at);
CREATE INDEX oidc_stranger_expires ON oidc_stranger (expires_at);

-- SPDX-License-Identifier: Apache-2.0
-- Search: words of names, findings, messages and notes, and what is similar.
-- Filled from behind, while nothing else is to be done (store/search_feed.c).

CREATE TABLE search_doc (
	id INTEGER PRIMARY KEY,
	kind TEXT NOT NULL
	    CHECK (kind IN ('artefact', 'finding', 'message', 'note')),
	case_id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	artefact_id TEXT,
	finding_id INTEGER,
	at INTEGER NOT NULL
) STRICT;
CREATE INDEX search_doc_case ON search_doc (case_id);
CREATE INDEX search_doc_artefact ON search_doc (artefact_id)
    WHERE artefact_id IS NOT NULL;

-- scope holds words that a question adds to its own: o and the organisation,
-- k and the kind, shown where its submitter may find it.  So an organisation's
-- question never walks over what others have.
CREATE VIRTUAL TABLE search_text USING fts5 (scope, body,
    tokenize = 'unicode61 remove_diacritics 2');

CREATE TABLE search_tlsh (
	unit INTEGER PRIMARY KEY,
	artefact_id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	digest BLOB NOT NULL CHECK (length(digest) = 35)
) STRICT;
CREATE INDEX search_tlsh_artefact ON search_tlsh (artefact_id);

-- Up to where it is filled.
CREATE TABLE search_at (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	unit INTEGER NOT NULL,
	finding INTEGER NOT NULL
) STRICT;
INSERT INTO search_at VALUES (1, 0, 0);

-- Organisation first: what others have takes no time.
CREATE INDEX artefact_md5 ON artefact (org_id, md5) WHERE md5 IS NOT NULL;
CREATE INDEX artefact_sha1 ON artefact (org_id, sha1) WHERE sha1 IS NOT NULL;

-- Both are always asked for together, the name also alone.
DROP INDEX finding_match;
CREATE INDEX finding_match ON finding (name, namespace)
    WHERE type = 'match' AND withdrawn_by IS NULL;

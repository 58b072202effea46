-- SPDX-License-Identifier: Apache-2.0
-- Ends of retention besides deletion (store/retention.c).

-- evidence: artefacts and what came of them go.  words: what names people goes
-- (texts, names, reports), digests and findings stay.
ALTER TABLE deletion ADD COLUMN what TEXT NOT NULL DEFAULT 'evidence'
    CHECK (what IN ('evidence', 'words'));
ALTER TABLE case_file ADD COLUMN anonymised_at INTEGER;
ALTER TABLE case_file ADD COLUMN archived_at INTEGER;

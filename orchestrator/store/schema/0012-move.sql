-- SPDX-License-Identifier: Apache-2.0
-- Merged and split cases (store/move.h); refused deletions.

-- What goes from one case to another; done_at is nothing while rows are left
-- behind.
CREATE TABLE case_move (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL CHECK (kind IN ('merge', 'split')),
	org_id TEXT NOT NULL REFERENCES organisation (id),
	from_case TEXT NOT NULL REFERENCES case_file (id),
	to_case TEXT NOT NULL REFERENCES case_file (id),
	by_account TEXT NOT NULL REFERENCES account (id),
	at INTEGER NOT NULL,
	done_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX case_move_from ON case_move (from_case);
CREATE INDEX case_move_to ON case_move (to_case);
CREATE INDEX case_move_open ON case_move (id) WHERE done_at IS NULL;

CREATE INDEX case_merged ON case_file (merged_into)
    WHERE merged_into IS NOT NULL;

-- The submission of which this one holds a part that was split off.
ALTER TABLE submission ADD COLUMN split_from TEXT;

-- A request for deletion that was refused: by whom, when, and what the one
-- who asked is told.
ALTER TABLE deletion ADD COLUMN refused_by TEXT REFERENCES account (id);
ALTER TABLE deletion ADD COLUMN refused_at INTEGER;
ALTER TABLE deletion ADD COLUMN answer TEXT NOT NULL DEFAULT '';

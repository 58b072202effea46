-- SPDX-License-Identifier: Apache-2.0
-- The checks of what is written for each job: SQLite makes a table of a list of
-- more than two words, each time that it compares with it.  The same words in
-- pairs; nothing of what is stored changes (SQLite, "ALTER TABLE", 7).

PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql,
    'state IN (''queued'', ''running'', ''done'',
	    ''partial'', ''failed'', ''cancelled'')',
    'state IN (''queued'', ''running'') OR state IN (''done'', ''partial'')
	    OR state IN (''failed'', ''cancelled'')')
    WHERE type = 'table' AND name = 'job';
UPDATE sqlite_schema SET sql = replace(sql,
    'outcome IN (''done'', ''partial'', ''failed'',
	    ''cancelled'', ''released'', ''lost'')',
    'outcome IN (''done'', ''partial'')
	    OR outcome IN (''failed'', ''cancelled'')
	    OR outcome IN (''released'', ''lost'')')
    WHERE type = 'table' AND name = 'attempt';
PRAGMA writable_schema = RESET;
-- Whoever knows the schema reads it again.
CREATE TABLE checks_changed (unused INTEGER) STRICT;
DROP TABLE checks_changed;

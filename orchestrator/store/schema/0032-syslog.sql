-- SPDX-License-Identifier: Apache-2.0
-- How far the audit chain went out by syslog: its spool is the chain itself.
CREATE TABLE syslog_at (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

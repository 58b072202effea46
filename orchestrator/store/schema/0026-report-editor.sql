-- SPDX-License-Identifier: Apache-2.0
-- Whoever changed a report wrote some of it, and so does not approve it.

CREATE TABLE report_editor (
	report_id TEXT NOT NULL REFERENCES report (id) ON DELETE CASCADE,
	account_id TEXT NOT NULL REFERENCES account (id),
	PRIMARY KEY (report_id, account_id)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO report_editor SELECT r.id, a.id FROM audit_event e
    JOIN report r ON r.id = e.object JOIN account a ON a.id = e.actor
    WHERE e.action = 'report.edited';

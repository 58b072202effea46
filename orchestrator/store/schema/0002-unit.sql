-- SPDX-License-Identifier: Apache-2.0
-- Units: what the rules are run over, numbered in the order of arrival.  An
-- artefact becomes one with its first yara job, in that job's transaction;
-- numbers are never used twice.

CREATE TABLE unit (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	-- Outlives its artefact, so that the number is known to be no gap.
	artefact_id TEXT NOT NULL UNIQUE,
	-- gone: the artefact was deleted; forgotten: from the index, too.
	state TEXT NOT NULL DEFAULT 'kept'
	    CHECK (state IN ('kept', 'gone', 'forgotten'))
) STRICT;
CREATE INDEX unit_gone ON unit (seq) WHERE state = 'gone';

INSERT INTO unit (artefact_id)
SELECT DISTINCT artefact_id FROM job
WHERE kind = 'yara' AND artefact_id IS NOT NULL ORDER BY artefact_id;

CREATE TRIGGER unit_add AFTER INSERT ON job
WHEN NEW.kind = 'yara' AND NEW.artefact_id IS NOT NULL
BEGIN
	INSERT INTO unit (artefact_id) SELECT NEW.artefact_id
	WHERE NOT EXISTS
	    (SELECT 1 FROM unit WHERE artefact_id = NEW.artefact_id);
END;

CREATE TRIGGER unit_go AFTER DELETE ON artefact
BEGIN
	UPDATE unit SET state = 'gone' WHERE artefact_id = OLD.id;
END;

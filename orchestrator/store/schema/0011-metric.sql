-- SPDX-License-Identifier: Apache-2.0
-- Counts for whoever watches the service, kept so that asking costs nothing.

CREATE TABLE metric_intake (
	channel TEXT NOT NULL,
	class TEXT NOT NULL,
	n INTEGER NOT NULL,
	PRIMARY KEY (channel, class)
) STRICT, WITHOUT ROWID;
INSERT INTO metric_intake (channel, class, n)
    SELECT s.channel, o.class, count(*) FROM submission s
    JOIN organisation o ON o.id = s.org_id GROUP BY 1, 2;

CREATE TRIGGER metric_intake_count AFTER INSERT ON submission
BEGIN
	INSERT INTO metric_intake (channel, class, n)
	SELECT NEW.channel, o.class, 1 FROM organisation o
	WHERE o.id = NEW.org_id
	ON CONFLICT (channel, class) DO UPDATE SET n = n + 1;
END;

CREATE TABLE metric_run (
	outcome TEXT PRIMARY KEY,
	n INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO metric_run (outcome, n)
    SELECT outcome, count(*) FROM run WHERE outcome <> '' GROUP BY 1;

CREATE TRIGGER metric_run_count AFTER UPDATE OF outcome ON run
WHEN NEW.outcome <> '' AND NEW.outcome IS NOT OLD.outcome
BEGIN
	INSERT INTO metric_run (outcome, n) VALUES (NEW.outcome, 1)
	ON CONFLICT (outcome) DO UPDATE SET n = n + 1;
END;

CREATE INDEX blob_damaged ON blob (state) WHERE state <> 'ok';

-- SPDX-License-Identifier: Apache-2.0
-- Uploads that outlive a cut, and what an organisation may store.

ALTER TABLE upload ADD COLUMN is_resumable INTEGER NOT NULL DEFAULT 0
    CHECK (is_resumable IN (0, 1));
-- Bytes that the vault has made durable, as it said last: it may have more.
ALTER TABLE upload ADD COLUMN received INTEGER NOT NULL DEFAULT 0
    CHECK (received >= 0);
-- The sender's words about the file, as they came (tus Upload-Metadata).
ALTER TABLE upload ADD COLUMN metadata TEXT NOT NULL DEFAULT '';
ALTER TABLE upload ADD COLUMN expires_at INTEGER;
-- The vault may have files of it beside what is evidence.
ALTER TABLE upload ADD COLUMN has_part INTEGER NOT NULL DEFAULT 0
    CHECK (has_part IN (0, 1));
CREATE INDEX upload_open_org ON upload (org_id) WHERE state = 'open';
CREATE INDEX upload_expiry ON upload (expires_at)
    WHERE state = 'open' AND is_resumable = 1;
CREATE INDEX upload_part ON upload (ended_at)
    WHERE has_part = 1 AND state <> 'open';

-- What an organisation may have; nothing = what the configuration says,
-- 0 = as much as it likes.
ALTER TABLE organisation ADD COLUMN quota_bytes INTEGER
    CHECK (quota_bytes >= 0);
ALTER TABLE organisation ADD COLUMN quota_uploads INTEGER
    CHECK (quota_uploads >= 0);
ALTER TABLE organisation ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE organisation SET stored_bytes = (SELECT coalesce(sum(b.size), 0)
    FROM blob b WHERE b.org_id = organisation.id);

CREATE TRIGGER blob_count AFTER INSERT ON blob
BEGIN
	UPDATE organisation SET stored_bytes = stored_bytes + NEW.size
	WHERE id = NEW.org_id;
END;

CREATE TRIGGER blob_uncount AFTER DELETE ON blob
BEGIN
	UPDATE organisation SET stored_bytes = stored_bytes - OLD.size
	WHERE id = OLD.org_id;
END;

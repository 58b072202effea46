-- SPDX-License-Identifier: Apache-2.0
-- What was deleted before deletions were overwritten: pages that are free may
-- hold secrets from when those lay open.  All of them are used once, for zeros
-- (the smaller half of a page would let two share one).
CREATE TABLE scrub (zeros BLOB NOT NULL) STRICT;
WITH RECURSIVE free (pages) AS MATERIALIZED (
	SELECT freelist_count FROM pragma_freelist_count
), page (at) AS (
	SELECT 1 FROM free WHERE pages > 0
	UNION ALL
	SELECT at + 1 FROM page, free WHERE at < pages
)
INSERT INTO scrub SELECT zeroblob((SELECT page_size FROM pragma_page_size) / 4 * 3)
    FROM page;
DROP TABLE scrub;

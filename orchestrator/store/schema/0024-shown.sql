-- SPDX-License-Identifier: Apache-2.0
-- How many children an artefact shows is read from the index alone: an archive
-- has ten thousand, and each page that names it counts them.

DROP INDEX artefact_parent;
CREATE INDEX artefact_parent ON artefact (parent_id, is_visible, id)
    WHERE parent_id IS NOT NULL;

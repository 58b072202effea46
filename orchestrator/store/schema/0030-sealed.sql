-- SPDX-License-Identifier: Apache-2.0
-- What is sealed in a case: its page asks who opened it, and most have none.

CREATE INDEX artefact_sealed ON artefact (case_id, id) WHERE seal <> '';

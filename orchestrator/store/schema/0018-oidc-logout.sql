-- SPDX-License-Identifier: Apache-2.0
-- Whose sessions end when somebody signs out at the identity provider: the
-- subject there, and the session there where the provider names it.
ALTER TABLE web_session ADD COLUMN oidc_subject TEXT;
ALTER TABLE web_session ADD COLUMN oidc_sid TEXT;
CREATE INDEX web_session_oidc_subject ON web_session (oidc_subject)
    WHERE oidc_subject IS NOT NULL;
CREATE INDEX web_session_oidc_sid ON web_session (oidc_sid)
    WHERE oidc_sid IS NOT NULL;
ALTER TABLE oidc_half ADD COLUMN subject TEXT;
ALTER TABLE oidc_half ADD COLUMN sid TEXT;

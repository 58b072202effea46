-- SPDX-License-Identifier: Apache-2.0
-- The spine: organisation, case, submission, artefact, blob, job, finding,
-- report, audit.  Ids are UUIDv7 as text; times are microseconds since 1970
-- UTC; every row of a tenant names its organisation.  A migration that was
-- released is never changed: add the next number.

CREATE TABLE organisation (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 256),
	kbo_number TEXT,
	class TEXT NOT NULL
	    CHECK (class IN ('C1', 'C1b', 'C2', 'C3', 'C4', 'C5', 'CSIRT')),
	class_policy_version INTEGER NOT NULL DEFAULT 1,
	rank INTEGER NOT NULL CHECK (rank BETWEEN 1 AND 9),
	sector TEXT,
	subsector TEXT,
	nis2_entity TEXT NOT NULL DEFAULT 'none'
	    CHECK (nis2_entity IN ('essential', 'important', 'none')),
	languages TEXT NOT NULL DEFAULT 'en',
	state TEXT NOT NULL DEFAULT 'active'
	    CHECK (state IN ('active', 'suspended', 'closed')),
	verified_at INTEGER,
	verified_by TEXT,
	parent_org_id TEXT REFERENCES organisation (id),
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
	id TEXT PRIMARY KEY,
	org_id TEXT NOT NULL REFERENCES organisation (id),
	name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
	kind TEXT NOT NULL CHECK (kind IN ('human', 'service')),
	uid INTEGER UNIQUE,
	capabilities TEXT NOT NULL DEFAULT '',
	clearance_level TEXT,
	clearance_until INTEGER,
	state TEXT NOT NULL DEFAULT 'active'
	    CHECK (state IN ('active', 'disabled')),
	created_at INTEGER NOT NULL,
	last_recertified_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX account_org ON account (org_id);

-- Allocated for refused contacts too; seq is never shown.
CREATE TABLE report_number (
	seq INTEGER PRIMARY KEY,
	number TEXT NOT NULL UNIQUE,
	allocated_at INTEGER NOT NULL,
	channel TEXT NOT NULL,
	case_id TEXT,
	refused_reason TEXT
) STRICT;

CREATE TABLE case_file (
	id TEXT PRIMARY KEY,
	number TEXT NOT NULL UNIQUE REFERENCES report_number (number),
	org_id TEXT NOT NULL REFERENCES organisation (id),
	title TEXT NOT NULL,
	state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
	class_at_open TEXT NOT NULL,
	rank_at_open INTEGER NOT NULL,
	severity_submitter TEXT NOT NULL CHECK (severity_submitter IN
	    ('low', 'medium', 'high', 'critical', 'unknown')),
	severity_set TEXT CHECK (severity_set IN
	    ('low', 'medium', 'high', 'critical', 'unknown')),
	severity_set_by TEXT REFERENCES account (id),
	rsit_class TEXT NOT NULL DEFAULT 'other',
	rsit_type TEXT NOT NULL DEFAULT 'undetermined',
	scope_basis TEXT CHECK (scope_basis IN
	    ('be_territory', 'be_domain', 'other')),
	scope_value TEXT,
	incident_context TEXT,
	notification_kind TEXT NOT NULL DEFAULT 'unknown' CHECK
	    (notification_kind IN ('mandatory', 'voluntary', 'unknown')),
	nis2_stage TEXT,
	aware_at INTEGER,
	suspected_malicious INTEGER CHECK (suspected_malicious IN (0, 1)),
	cross_border INTEGER CHECK (cross_border IN (0, 1)),
	tlp TEXT NOT NULL CHECK (tlp IN ('TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER',
	    'TLP:AMBER+STRICT', 'TLP:RED')),
	tlp_restriction TEXT,
	pap TEXT NOT NULL CHECK (pap IN
	    ('PAP:CLEAR', 'PAP:GREEN', 'PAP:AMBER', 'PAP:RED')),
	crisis_tier INTEGER NOT NULL DEFAULT 1 CHECK (crisis_tier IN (0, 1)),
	exercise INTEGER NOT NULL DEFAULT 0 CHECK (exercise IN (0, 1)),
	owner_account_id TEXT REFERENCES account (id),
	reviewer_account_id TEXT REFERENCES account (id),
	merged_into TEXT REFERENCES case_file (id),
	root_cause_category TEXT,
	legal_hold INTEGER NOT NULL DEFAULT 0 CHECK (legal_hold IN (0, 1)),
	policy_version INTEGER NOT NULL DEFAULT 1,
	due_ack_at INTEGER,
	due_triage_at INTEGER,
	due_report_at INTEGER,
	created_at INTEGER NOT NULL,
	created_by TEXT NOT NULL REFERENCES account (id),
	closed_at INTEGER,
	retention_until INTEGER,
	-- Counts up with every change of what a report would show; the report
	-- was last asked for at report_version.
	version INTEGER NOT NULL DEFAULT 0,
	report_version INTEGER NOT NULL DEFAULT 0,
	submissions INTEGER NOT NULL DEFAULT 0,
	artefacts INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX case_org ON case_file (org_id, id);

CREATE TABLE submission (
	id TEXT PRIMARY KEY,
	case_id TEXT NOT NULL REFERENCES case_file (id),
	org_id TEXT NOT NULL REFERENCES organisation (id),
	account_id TEXT NOT NULL REFERENCES account (id),
	channel TEXT NOT NULL,
	state TEXT NOT NULL DEFAULT 'uploading' CHECK (state IN ('allocated',
	    'uploading', 'received', 'acknowledged', 'quarantined',
	    'awaiting_entitlement', 'offered', 'accepted', 'deferred_capacity',
	    'declined', 'withdrawn', 'triaged', 'analysing', 'in_review',
	    'reported', 'closed', 'retention', 'deleted', 'expired')),
	tlp TEXT NOT NULL CHECK (tlp IN ('TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER',
	    'TLP:AMBER+STRICT', 'TLP:RED')),
	tlp_restriction TEXT,
	pap TEXT NOT NULL CHECK (pap IN
	    ('PAP:CLEAR', 'PAP:GREEN', 'PAP:AMBER', 'PAP:RED')),
	kind TEXT NOT NULL CHECK (kind IN ('file', 'log', 'disk_image',
	    'memory_image', 'vm_image', 'pcap', 'email', 'archive', 'url',
	    'other')),
	-- As typed; the closed list of intake forms comes with the forms.
	origin TEXT NOT NULL DEFAULT '',
	comment TEXT NOT NULL DEFAULT '',
	passwords TEXT NOT NULL DEFAULT '[]',
	not_classified_declared INTEGER CHECK (not_classified_declared IN (0, 1)),
	contains_personal_data INTEGER CHECK (contains_personal_data IN (0, 1)),
	third_party_ok INTEGER CHECK (third_party_ok IN (0, 1)),
	network_ok INTEGER CHECK (network_ok IN (0, 1)),
	purpose TEXT,
	legal_basis TEXT,
	collected_at INTEGER,
	collected_by TEXT,
	collection_method TEXT,
	collection_tool TEXT,
	source_host TEXT NOT NULL DEFAULT '',
	tz TEXT,
	clock_offset_s INTEGER,
	profile TEXT NOT NULL DEFAULT '',
	run_seconds INTEGER NOT NULL DEFAULT 0,
	conditions_version INTEGER,
	declared_manifest_sha256 BLOB,
	accepted_by TEXT,
	accepted_at INTEGER,
	decline_reason TEXT,
	policy_version INTEGER NOT NULL DEFAULT 1,
	created_at INTEGER NOT NULL,
	-- Kept beside the rows so that lists do not count.
	artefacts INTEGER NOT NULL DEFAULT 0,
	bytes INTEGER NOT NULL DEFAULT 0,
	derived_bytes INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX submission_case ON submission (case_id, id);

CREATE TABLE upload (
	id TEXT PRIMARY KEY,
	submission_id TEXT NOT NULL REFERENCES submission (id),
	org_id TEXT NOT NULL REFERENCES organisation (id),
	account_id TEXT NOT NULL REFERENCES account (id),
	state TEXT NOT NULL CHECK (state IN
	    ('open', 'finished', 'aborted', 'expired')),
	filename BLOB NOT NULL CHECK (length(filename) <= 4096),
	kind TEXT NOT NULL,
	length INTEGER,
	declared_sha256 BLOB CHECK
	    (declared_sha256 IS NULL OR length(declared_sha256) = 32),
	artefact_id TEXT,
	reason TEXT NOT NULL DEFAULT '',
	created_at INTEGER NOT NULL,
	ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_submission ON upload (submission_id);
CREATE INDEX upload_open ON upload (state) WHERE state = 'open';

-- Content inside one organisation: no names, no submitter.  The vault has
-- the bytes.  An unused blob has no artefact and is to be deleted.
CREATE TABLE blob (
	org_id TEXT NOT NULL REFERENCES organisation (id),
	sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
	size INTEGER NOT NULL CHECK (size >= 0),
	stored_size INTEGER NOT NULL CHECK (stored_size >= 0),
	state TEXT NOT NULL DEFAULT 'ok'
	    CHECK (state IN ('ok', 'damaged', 'missing')),
	reason TEXT NOT NULL DEFAULT '',
	sealed INTEGER NOT NULL DEFAULT 0 CHECK (sealed IN (0, 1)),
	unused_since INTEGER,
	created_at INTEGER NOT NULL,
	last_verified_at INTEGER NOT NULL,
	PRIMARY KEY (org_id, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_unused ON blob (unused_since) WHERE unused_since IS NOT NULL;
CREATE INDEX blob_verified ON blob (last_verified_at);

-- One row per occurrence.
CREATE TABLE artefact (
	id TEXT PRIMARY KEY,
	org_id TEXT NOT NULL,
	case_id TEXT NOT NULL REFERENCES case_file (id),
	submission_id TEXT REFERENCES submission (id),
	parent_id TEXT REFERENCES artefact (id),
	relation TEXT CHECK (relation NOT GLOB '*[^a-z0-9_]*'),
	depth INTEGER NOT NULL DEFAULT 0,
	sha256 BLOB NOT NULL,
	size INTEGER NOT NULL,
	name BLOB NOT NULL CHECK (length(name) <= 4096),
	kind TEXT NOT NULL,
	mime TEXT NOT NULL DEFAULT '',
	magic TEXT NOT NULL DEFAULT '',
	sha1 BLOB,
	md5 BLOB,
	sha512 BLOB,
	ssdeep TEXT,
	tlsh TEXT,
	imphash BLOB,
	entropy_milli INTEGER,
	sealed INTEGER NOT NULL DEFAULT 0 CHECK (sealed IN (0, 1)),
	tlp TEXT NOT NULL,
	pap TEXT NOT NULL,
	quarantine_state TEXT NOT NULL DEFAULT 'none' CHECK (quarantine_state IN
	    ('none', 'classified_suspected', 'legal', 'malformed')),
	hash_state TEXT NOT NULL DEFAULT 'none'
	    CHECK (hash_state IN ('match', 'mismatch', 'none')),
	declared_sha256 BLOB,
	-- The attempt that made it; seen once that attempt is the outcome.
	job_id TEXT,
	attempt INTEGER,
	is_visible INTEGER NOT NULL CHECK (is_visible IN (0, 1)),
	-- Made by Loep for itself (reports): not among a case's artefacts.
	is_internal INTEGER NOT NULL DEFAULT 0 CHECK (is_internal IN (0, 1)),
	score INTEGER NOT NULL DEFAULT 0 CHECK (score BETWEEN 0 AND 100),
	receipt TEXT,
	created_at INTEGER NOT NULL,
	FOREIGN KEY (org_id, sha256) REFERENCES blob (org_id, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX artefact_case ON artefact (case_id, id);
CREATE INDEX artefact_top ON artefact (case_id, id) WHERE parent_id IS NULL;
CREATE INDEX artefact_score ON artefact (case_id, score)
    WHERE is_visible = 1 AND score > 0;
CREATE INDEX artefact_parent ON artefact (parent_id, id)
    WHERE parent_id IS NOT NULL;
CREATE INDEX artefact_submission ON artefact (submission_id, id);
CREATE INDEX artefact_blob ON artefact (org_id, sha256);
CREATE INDEX artefact_attempt ON artefact (job_id, attempt)
    WHERE job_id IS NOT NULL;

-- How a child came out of its parent.
CREATE TABLE derivation (
	child_id TEXT PRIMARY KEY REFERENCES artefact (id) ON DELETE CASCADE,
	org_id TEXT NOT NULL,
	parent_id TEXT,
	relation TEXT NOT NULL,
	job_id TEXT NOT NULL,
	attempt INTEGER NOT NULL,
	detail TEXT NOT NULL DEFAULT '{}'
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
	id TEXT PRIMARY KEY,
	org_id TEXT NOT NULL,
	case_id TEXT NOT NULL REFERENCES case_file (id),
	artefact_id TEXT REFERENCES artefact (id),
	kind TEXT NOT NULL CHECK (kind NOT GLOB '*[^a-z0-9_]*'),
	state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done',
	    'partial', 'failed', 'cancelled')),
	-- Order: tier, rank, then fair between organisations, then urgency.
	tier INTEGER NOT NULL,
	rank INTEGER NOT NULL,
	urgency INTEGER NOT NULL,
	options TEXT NOT NULL DEFAULT '{}',
	requested_by TEXT,
	parent_job_id TEXT,
	-- attempt counts leases; failures and losses decide about parking.
	attempt INTEGER NOT NULL DEFAULT 0,
	failures INTEGER NOT NULL DEFAULT 0,
	losses INTEGER NOT NULL DEFAULT 0,
	outcome_attempt INTEGER,
	is_cancelled INTEGER NOT NULL DEFAULT 0 CHECK (is_cancelled IN (0, 1)),
	worker TEXT NOT NULL DEFAULT '',
	phase TEXT NOT NULL DEFAULT '',
	progress INTEGER NOT NULL DEFAULT 0,
	lease_until INTEGER,
	reason TEXT NOT NULL DEFAULT '',
	engine TEXT NOT NULL DEFAULT '',
	result TEXT,
	created_at INTEGER NOT NULL,
	started_at INTEGER,
	ended_at INTEGER,
	CHECK ((state = 'running') = (lease_until IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX job_queue ON job (kind, tier, rank, org_id, urgency, id)
    WHERE state = 'queued';
CREATE INDEX job_lease ON job (lease_until) WHERE state = 'running';
CREATE INDEX job_progress ON job (case_id, state, kind);
CREATE INDEX job_case ON job (case_id, id);
CREATE INDEX job_artefact ON job (artefact_id, kind)
    WHERE artefact_id IS NOT NULL;
CREATE INDEX job_run ON job (case_id, id) WHERE kind = 'detonate';

-- What became of each lease, also of those that gave no result.
CREATE TABLE attempt (
	job_id TEXT NOT NULL REFERENCES job (id),
	attempt INTEGER NOT NULL,
	worker TEXT NOT NULL,
	started_at INTEGER NOT NULL,
	ended_at INTEGER,
	outcome TEXT CHECK (outcome IN ('done', 'partial', 'failed',
	    'cancelled', 'released', 'lost')),
	reason TEXT NOT NULL DEFAULT '',
	findings INTEGER NOT NULL DEFAULT 0,
	children INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (job_id, attempt)
) STRICT, WITHOUT ROWID;

-- Seen when its attempt is its job's outcome.
CREATE TABLE finding (
	id INTEGER PRIMARY KEY,
	org_id TEXT NOT NULL,
	case_id TEXT NOT NULL,
	artefact_id TEXT,
	job_id TEXT NOT NULL REFERENCES job (id),
	attempt INTEGER NOT NULL,
	type TEXT NOT NULL,
	name TEXT NOT NULL,
	namespace TEXT NOT NULL DEFAULT '',
	score INTEGER NOT NULL DEFAULT 0 CHECK (score BETWEEN 0 AND 100),
	detail TEXT NOT NULL
) STRICT;
CREATE INDEX finding_job ON finding (job_id, attempt);
CREATE INDEX finding_artefact ON finding (artefact_id)
    WHERE artefact_id IS NOT NULL;
CREATE INDEX finding_case ON finding (case_id, id);

-- What a job of kind "detonate" adds to itself.
CREATE TABLE run (
	job_id TEXT PRIMARY KEY REFERENCES job (id),
	org_id TEXT NOT NULL,
	profile TEXT NOT NULL DEFAULT '',
	image_digest TEXT,
	network_mode TEXT NOT NULL DEFAULT 'simulated'
	    CHECK (network_mode IN ('none', 'simulated', 'real')),
	network_approved_by TEXT,
	pap_at_run TEXT NOT NULL,
	outcome TEXT,
	environment TEXT,
	retry_of TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE vm_profile (
	name TEXT PRIMARY KEY,
	digest TEXT NOT NULL,
	state TEXT NOT NULL,
	manifest TEXT NOT NULL,
	approved_by TEXT,
	retired_at INTEGER,
	changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE vm_slot (
	name TEXT PRIMARY KEY,
	profile TEXT NOT NULL,
	state TEXT NOT NULL,
	reason TEXT NOT NULL,
	detail TEXT NOT NULL,
	changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE pool_order (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL,
	object TEXT NOT NULL,
	account_id TEXT NOT NULL REFERENCES account (id),
	created_at INTEGER NOT NULL,
	taken_at INTEGER
) STRICT;
CREATE INDEX pool_order_new ON pool_order (id) WHERE taken_at IS NULL;

CREATE TABLE analyser (
	name TEXT PRIMARY KEY,
	engine TEXT NOT NULL,
	state TEXT NOT NULL,
	detail TEXT NOT NULL,
	changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE report (
	id TEXT PRIMARY KEY,
	case_id TEXT NOT NULL REFERENCES case_file (id),
	org_id TEXT NOT NULL,
	rev INTEGER NOT NULL,
	kind TEXT NOT NULL DEFAULT 'triage' CHECK (kind IN ('triage',
	    'analysis', 'postmortem', 'advisory', 'late_detection')),
	language TEXT NOT NULL DEFAULT 'en',
	state TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'approved',
	    'returned', 'issued', 'superseded', 'recalled')),
	tlp TEXT NOT NULL,
	tlp_restriction TEXT,
	pap TEXT NOT NULL,
	job_id TEXT NOT NULL REFERENCES job (id),
	case_version INTEGER NOT NULL,
	is_final INTEGER NOT NULL CHECK (is_final IN (0, 1)),
	json_artefact_id TEXT NOT NULL REFERENCES artefact (id),
	html_artefact_id TEXT REFERENCES artefact (id),
	author TEXT,
	approver TEXT,
	issued_at INTEGER,
	signature BLOB,
	supersedes TEXT,
	created_at INTEGER NOT NULL,
	UNIQUE (case_id, rev)
) STRICT, WITHOUT ROWID;
CREATE INDEX report_json ON report (json_artefact_id);
CREATE INDEX report_html ON report (html_artefact_id);
CREATE INDEX report_job ON report (job_id);

CREATE TABLE verdict (
	id TEXT PRIMARY KEY,
	org_id TEXT NOT NULL REFERENCES organisation (id),
	artefact_id TEXT NOT NULL REFERENCES artefact (id),
	value TEXT NOT NULL CHECK (value IN ('malicious', 'suspicious',
	    'benign', 'no_finding', 'undetermined')),
	confidence TEXT NOT NULL
	    CHECK (confidence IN ('low', 'moderate', 'high')),
	reason TEXT NOT NULL,
	by_account TEXT NOT NULL REFERENCES account (id),
	confirmed_by TEXT REFERENCES account (id),
	at INTEGER NOT NULL,
	supersedes TEXT REFERENCES verdict (id),
	ruleset_version INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX verdict_artefact ON verdict (artefact_id);

CREATE TABLE disclosure (
	id TEXT PRIMARY KEY,
	org_id TEXT NOT NULL REFERENCES organisation (id),
	case_id TEXT NOT NULL REFERENCES case_file (id),
	object_kind TEXT NOT NULL,
	object_id TEXT NOT NULL,
	recipient TEXT NOT NULL,
	purpose TEXT NOT NULL,
	legal_basis TEXT,
	tlp_at TEXT NOT NULL,
	pap_at TEXT NOT NULL,
	channel TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('requested', 'consent_pending',
	    'approved', 'sent', 'failed', 'denied', 'recalled')),
	requested_by TEXT NOT NULL REFERENCES account (id),
	approved_by TEXT REFERENCES account (id),
	payload_sha256 BLOB,
	requested_at INTEGER NOT NULL,
	sent_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX disclosure_case ON disclosure (case_id);

-- The chain: hash = SHA-256(prev_hash || canonical row), see lib/audit.h.
-- Nothing refers to other tables: it outlives what it tells of.
CREATE TABLE audit_event (
	seq INTEGER PRIMARY KEY,
	at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	actor_kind TEXT NOT NULL,
	action TEXT NOT NULL,
	object_kind TEXT NOT NULL,
	object TEXT NOT NULL,
	org TEXT NOT NULL,
	outcome TEXT NOT NULL,
	detail TEXT NOT NULL,
	prev_hash BLOB NOT NULL CHECK (length(prev_hash) = 32),
	hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX audit_object ON audit_event (object, seq);

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_event
BEGIN
	SELECT raise(ABORT, 'audit events are never changed');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_event
BEGIN
	SELECT raise(ABORT, 'audit events are never deleted');
END;

CREATE VIEW custody_event AS
SELECT seq, at, actor, actor_kind, substr(action, 9) AS event,
    object AS artefact_id, org AS org_id, outcome, detail, prev_hash, hash
FROM audit_event
WHERE object_kind = 'artefact' AND action GLOB 'custody.*';

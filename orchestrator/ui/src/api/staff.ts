// SPDX-License-Identifier: Apache-2.0
// What the API answers to those who work on cases and run the service.
import type { Artefact, Case, Mode, Report, Stage } from './types.js';

export interface QueueRow {
  number: string;
  title: string;
  org_name: string;
  class: string;
  rank: number;
  crisis_tier: number;
  severity: string;
  tlp: string;
  pap: string;
  stage: Stage;
  owner: string | null;
  owner_name: string | null;
  due_at: string | null;
  due_name: string | null;
  is_overdue: boolean;
  verdict?: string | null;
  verdict_confirmed?: boolean;
  artefacts: number;
  max_score: number | null;
  tasks_open: number;
  unread: number;
  created_at: string;
}

export interface StaffCase extends Case {
  rsit_class?: string | null;
  rsit_type?: string | null;
  root_cause_category?: string | null;
  notification_kind?: string | null;
  aware_at?: string | null;
  suspected_malicious?: boolean | null;
  cross_border?: boolean | null;
  scope_basis?: string | null;
  scope_value?: string | null;
  nis2_stage?: string | null;
  split_from?: string | null;
  split?: string[];
  legal_hold?: boolean;
  crisis_tier?: number | null;
  class?: string;
  verdict?: string | null;
}

export interface StaffMessage {
  id: string;
  at: string;
  from: string;
  from_role: string;
  from_org: string;
  from_name: string | null;
  direction: 'in' | 'out';
  text: string;
}

export interface StaffMember {
  id: string;
  name: string;
}

export interface Task {
  id: string | number;
  kind?: string;
  state: string;
  text: string;
  assignee?: string | null;
  assignee_name?: string | null;
  due_at?: string | null;
  by_name?: string | null;
  rescan?: number | null;
  created: string;
  done: string | null;
}

export interface Note {
  id: string;
  at: string;
  by_name: string;
  text: string;
}

export interface Clock {
  name: string;
  due_at: string | null;
  met_at: string | null;
  state: string;
}

export interface HistoryEntry {
  id: number;
  at: string;
  actor_role: string;
  actor_name?: string | null;
  action: string;
  text: string;
}

export interface Handover {
  id: string;
  at: string;
  from_name: string | null;
  to_name: string;
  by_name: string;
  note: string;
}

export interface Verdict {
  id: string;
  value: string;
  confidence: string;
  reason: string;
  by: string;
  by_name: string;
  confirmed_by: string | null;
  confirmed_by_name: string | null;
  at: string;
  supersedes: string | null;
}

export interface FullArtefact extends Artefact {
  case_number: string;
  sha1?: string | null;
  md5?: string | null;
  sha512?: string | null;
  tlsh?: string | null;
  entropy_milli?: number | null;
  name_hex?: string;
}

export interface Finding {
  id: number;
  artefact: string;
  job: string;
  type: string;
  name: string;
  namespace: string;
  score: number;
  detail: unknown;
  analyser: string;
  engine: string;
  is_partial: boolean;
  rescan: number | null;
  withdrawn_by: number | null;
}

/** An act that opens a sealed artefact. */
export interface Unseal {
  id: string;
  case: string;
  artefact: string;
  artefact_name: string;
  state: string;
  necessity: string;
  requested_by: string;
  requested_by_name: string;
  requested_at: string;
  is_second_needed: boolean;
  decided_by_name: string | null;
  decided_at: string | null;
  is_single_person: boolean;
  answer: string;
  destroyed_at: string | null;
  jobs_open: number;
  matches: number;
}

export interface Job {
  id: string;
  case: string;
  artefact: string;
  kind: string;
  state: string;
  attempt: number;
  reason: string;
  created: string;
  started: string | null;
  ended: string | null;
  worker: string;
}

export interface Run {
  id: string;
  case: string;
  artefact: string;
  artefact_name: string;
  profile: string;
  state: string;
  outcome: string | null;
  progress: number;
  phase: string;
  reason?: string;
  created: string;
  started: string | null;
  ended: string | null;
  attempt?: number;
  options?: unknown;
  environment?: unknown;
  trace?: string | null;
  pcap?: string | null;
  console?: string | null;
  events?: string | null;
}

export interface FullReport extends Report {
  created_at?: string;
  tlp_restriction?: string | null;
  pap?: string;
  sections?: Record<string, string> | null;
  author?: string | null;
  author_name?: string | null;
  approver?: string | null;
  approver_name?: string | null;
  comment?: string | null;
  is_pii_reviewed?: boolean;
  pii_reviewed_by_name?: string | null;
  pii_reviewed_at?: string | null;
}

export interface Bytes {
  offset: number;
  total: number;
  hex: string;
}

export interface SearchHit {
  kind: string;
  case: string;
  case_number?: string;
  title: string;
  org_name: string;
  artefact: string | null;
  name: string | null;
  sha256: string | null;
  why: string;
  score: number | null;
  at: string | null;
}

export interface DayStatistics {
  day: string;
  opened: number;
  reported: number;
  closed: number;
  artefacts: number;
  runs: number;
  queue: number;
}

export interface MonthTimes {
  month: string;
  class: string;
  what: 'ack' | 'triage' | 'verdict' | 'report';
  count: number;
  late: number | null;
  mean_s: number;
  half_s: number;
  most_s: number;
  max_s: number;
}

export interface ClassNow {
  class: string;
  open: number;
  waiting: number;
  late_triage: number;
  late_report: number;
}

export interface RuleVersion {
  version: number;
  parent: number | null;
  state: string;
  comment: string;
  reason: string;
  author: string;
  author_name: string;
  approver: string | null;
  approver_name: string | null;
  is_single_person: boolean;
  engine: string;
  digest: string | null;
  rules: number;
  counts: Record<string, number> | null;
  created: string;
  tested: string | null;
  approved: string | null;
  activated: string | null;
  retired: string | null;
}

export interface RuleRow {
  namespace: string;
  name: string;
  state: string;
  reason: string;
  source: string;
  path: string;
  line: number;
  score: number;
  cost_ms: number | null;
}

export interface RuleDiff {
  change: string;
  namespace: string;
  name: string;
  state: string | null;
  base_state: string | null;
  reason: string;
  source: string;
}

export interface RuleDetail extends RuleRow {
  version: number;
  condition: string;
  meta: unknown;
  tags: unknown;
  text: string;
  text_bytes: number;
}

export interface Rescan {
  id: number;
  kind: string;
  state: string;
  version_from: number | null;
  version_to: number | null;
  rules_scan: number;
  rules_withdraw: number;
  rules_relabel: number;
  scope: number | null;
  candidates: number | null;
  is_indexed: boolean;
  scanned: number | null;
  bytes: number | null;
  progress: number;
  seconds_left: number | null;
  new: number;
  lost: number;
  changed: number;
  same: number | null;
  gaps: number;
  engine: string;
  reason: string;
  created: string;
  started: string | null;
  ended: string | null;
}

export interface RescanChange {
  id: number;
  what: string;
  artefact: string;
  case_number: string;
  namespace: string;
  name: string;
  score: number;
  artefact_name: string;
  sha256: string;
  at: string;
}

export interface RescanGap {
  id: number;
  artefact: string;
  case_number: string;
  namespace: string;
  name: string;
  reason: string;
  text: string;
  state: string;
  artefact_name: string | null;
  at: string;
}

export interface Slot {
  name: string;
  profile: string;
  state: string;
  reason: string;
  detail: unknown;
  changed: string;
}

export interface Profile {
  name: string;
  digest: string;
  state: string;
  manifest: unknown;
  changed: string;
}

export interface Organisation {
  id: string;
  name: string;
  class: string;
  state: string;
  created: string;
  cases: number;
  version?: number;
  rank?: number | null;
  sector?: string | null;
  languages?: string | null;
  quota_bytes?: number | null;
  quota_uploads?: number | null;
  stored_bytes?: number | null;
}

export interface PolicyVersion {
  version: number;
  parent: number | null;
  state: string;
  regime: string;
  comment: string;
  reason: string;
  effective_from: string | null;
  review_due: string | null;
  is_overdue: boolean;
  proposed_by_name: string | null;
  approved_by_name: string | null;
  is_single_person: boolean;
  created_at: string;
  document?: unknown;
}

export interface ModeProposal {
  mode: Mode;
  exercise: boolean;
  reason: string;
  plan_reference: string;
  is_own?: boolean;
  proposed_by_name?: string;
  cases?: unknown;
  classes?: unknown;
  outbound?: unknown;
}

export interface ModeState {
  mode: Mode;
  exercise: boolean;
  reason: string;
  plan_reference: string;
  entered_by?: string | null;
  approved_by?: string | null;
  entered_at: string | null;
  proposal: ModeProposal | null;
}

export interface ModeEntry {
  seq: number;
  mode: Mode;
  exercise: boolean;
  state: string;
  reason: string;
  plan_reference: string;
  proposed_by_name: string;
  decided_by_name: string | null;
  proposed_at: string;
  entered_at: string | null;
  left_at: string | null;
}

export interface AuditEntry {
  seq: number;
  at: string;
  actor: string;
  action: string;
  object_kind: string;
  object: string;
  org: string;
  outcome: string;
  detail: unknown;
  prev_hash: string;
  hash: string;
}

export interface OutboxEntry {
  id: string;
  kind: string;
  org_name: string;
  number: string;
  address: string;
  language: string;
  state: string;
  attempts: number;
  reason: string;
  created_at: string;
  next_at: string;
  ended_at: string | null;
}

export interface Deletion {
  id: string;
  kind: string;
  state: string;
  reason: string;
  requested_by_name: string | null;
  requested_at: string;
  approved_by_name: string | null;
  executed_at: string | null;
  refused_by_name?: string | null;
  answer?: string;
  has_certificate: boolean;
}

export interface Exception {
  id: string;
  org: string;
  org_name: string;
  class: string;
  case: string | null;
  state: string;
  reason: string;
  policy_version: number;
  proposed_by_name: string | null;
  approved_by_name: string | null;
  is_single_person: boolean;
  created_at: string;
  approved_at: string | null;
  expires_at: string | null;
}

export interface Disclosure {
  id: string;
  object_kind: string;
  object: string;
  recipient: string;
  recipient_name: string | null;
  purpose: string;
  tlp: string;
  pap: string;
  channel: string;
  state: string;
  sent_at: string | null;
}

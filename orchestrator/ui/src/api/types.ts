// SPDX-License-Identifier: Apache-2.0
// What the API answers.  Members that a server may not know yet are optional:
// pages must work without them.

export type Tlp =
  'TLP:CLEAR' | 'TLP:GREEN' | 'TLP:AMBER' | 'TLP:AMBER+STRICT' | 'TLP:RED';
export type Pap = 'PAP:CLEAR' | 'PAP:GREEN' | 'PAP:AMBER' | 'PAP:RED';
export type Severity = 'low' | 'medium' | 'high' | 'critical' | 'unknown';
export type Stage =
  | 'received'
  | 'checking'
  | 'waiting'
  | 'analysing'
  | 'in_review'
  | 'reported'
  | 'closed'
  | 'declined'
  | 'withdrawn'
  | 'deleted';
export type Mode = 'normal' | 'national_incident' | 'national_crisis';

export interface WhoAmI {
  account: string;
  name: string;
  org: string;
  kind: string;
  /** separated by spaces */
  capabilities: string;
  via: 'local' | 'session' | 'token' | 'certificate';
  language?: string;
  mode?: Mode;
  exercise?: boolean;
  org_name?: string;
  class?: string;
  services?: string[];
  mail?: string;
}

export interface Case {
  id: string;
  number: string;
  org: string;
  org_name: string;
  title: string;
  state: 'open' | 'closed';
  stage?: Stage;
  severity: Severity;
  severity_submitter?: Severity;
  severity_set?: Severity | null;
  tlp: Tlp;
  tlp_restriction?: string | null;
  pap: Pap;
  created: string;
  submissions: number;
  artefacts: number;
  jobs_open: number;
  jobs_failed?: number;
  score?: number;
  version?: number;
  owner?: string | null;
  owner_name?: string | null;
  unread?: number;
  due_at?: string | null;
  incident_context?: string | null;
  /** numbers that lead here since two cases became one */
  merged?: string[];
}

export interface Submission {
  id: string;
  case: string;
  state: string;
  channel: string;
  tlp: Tlp;
  pap: Pap;
  kind: string;
  comment: string;
  source_host: string;
  created: string;
  created_by: string;
  artefacts: number;
  bytes: number;
  not_classified?: boolean | null;
  personal_data?: boolean | null;
  third_party_ok?: boolean | null;
  network_ok?: boolean | null;
}

export interface Deletion {
  id: string;
  state: string;
  reason: string;
  requested_at: string;
  answer?: string;
  executed_at: string | null;
  has_certificate: boolean;
}

export interface Artefact {
  id: string;
  case: string;
  submission: string;
  parent: string | null;
  relation: string | null;
  depth: number;
  name: string;
  sha256: string;
  size: number;
  kind: string;
  mime: string;
  magic: string;
  tlp: Tlp;
  pap: Pap;
  hash_state: string;
  children: number;
  score?: number;
  state: string;
  created: string;
  verdict?: string | null;
  verdict_confirmed?: boolean;
  /** openpgp, enclosed, or nothing */
  seal?: string;
  restriction?: string;
}

export interface Progress {
  id: string;
  number: string;
  state: string;
  artefacts: number;
  jobs_open: number;
  jobs_failed: number;
  items: { kind: string; state: string; count: number; detail: string }[];
}

export interface Message {
  id: string;
  at: string;
  from: string;
  direction: 'in' | 'out';
  text: string;
}

export interface Report {
  id: string;
  case: string;
  rev: number;
  state: string;
  kind?: string;
  language?: string;
  tlp?: Tlp;
  created: string;
  issued_at?: string | null;
  is_final?: boolean;
  version?: number;
}

export interface AccessEvent {
  at: string;
  event: string;
  role: string;
  org_name: string;
  purpose: string;
  artefact: string | null;
  artefact_name: string | null;
}

export interface Session {
  id: string;
  created: string;
  used: string;
  expires: string;
  address: string;
  is_current: boolean;
}

export interface Token {
  id: string;
  account: string;
  account_name: string;
  name: string;
  capabilities: string;
  created: string;
  expires: string;
  used: string | null;
  revoked: string | null;
}

export interface Provider {
  name: string;
  label: string;
  issuer: string;
  is_available: boolean;
  has_logout: boolean;
  /** people whom nobody knows here may wait */
  takes_strangers: boolean;
}

/** Somebody whom a provider knows, and nobody here. */
export interface Stranger {
  id: string;
  code: string;
  issuer: string;
  subject: string;
  address: string;
  created: string;
  used: string;
  expires: string;
  refused: string | null;
}

/** Who an account is at the identity provider. */
export interface IdentityLink {
  issuer: string;
  subject: string;
  created: string;
  used: string | null;
}

export interface Account {
  id: string;
  org: string;
  org_name: string;
  name: string;
  kind: 'human' | 'service';
  login: string | null;
  capabilities: string;
  state: 'active' | 'disabled';
  has_password: boolean;
  has_totp: boolean;
  has_oidc: boolean;
  created: string;
}

/** Where an organisation wants to be told what happens. */
export interface Hook {
  id: string;
  org: string;
  org_name: string;
  url: string;
  events: string;
  state: string;
  reason: string;
  failures: number;
  failing_since: string | null;
  rotating_until: string | null;
  waiting: number;
  delivered_at: string | null;
  proposed_by_name: string;
  decided_by_name: string | null;
  created_at: string;
  is_own: boolean;
}

/** Shown once. */
export interface HookSecret {
  id: string;
  secret: string;
  until?: string;
}

export interface Delivery {
  id: string;
  event: string;
  number: string | null;
  state: string;
  attempts: number;
  code: number;
  reason: string;
  occurred_at: string;
  next_at: string;
  ended_at: string | null;
}

/** An OpenPGP key; org null: the service's own. */
export interface Key {
  id: string;
  owner: 'service' | 'organisation';
  org: string | null;
  org_name: string | null;
  fpr: string;
  state: string;
  verified: boolean;
  algorithm: string;
  bits: number;
  user_ids: string[];
  made_at: string;
  expires_at: string | null;
  added_by_name: string | null;
  added_at: string;
  verified_by_name: string | null;
  verified_at: string | null;
  verified_how: string | null;
  is_single_person: boolean;
  retired_at: string | null;
  retired_why: string | null;
}

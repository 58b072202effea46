// SPDX-License-Identifier: Apache-2.0
// What leaves for others, as the API has it.
export interface Recipient {
  id: string;
  kind: string;
  name: string;
  contact: string;
  tlp_max: string;
  lacks_strict: boolean;
  agreement: string;
  agreement_until: string | null;
  is_active: boolean;
  version: number;
}

export interface Disclosure {
  id: string;
  case: string;
  object: string;
  recipient_name: string | null;
  recipient_kind: string;
  purpose: string;
  format: string;
  tlp: string;
  state: string;
  is_submitted: boolean;
  consent: string | null;
  consent_due: string | null;
  requested_by_name?: string | null;
  approved_by_name?: string | null;
  sent_at: string | null;
}

export interface FullDisclosure extends Disclosure {
  is_rendered: boolean;
  needs_consent: boolean;
  reason: string;
  job_state: string | null;
}

export interface Removed {
  samples: number;
  runs: number;
  indicators: number;
  tlp: string;
  removed_count: number;
  removed: { what: string; why: string; tlp: string; detail: string }[];
}

export interface PersonalData {
  section: string;
  type: string;
  offset: number;
  length: number;
}

/** What it is called while nobody asked for it. */
export function stateOf(d: Disclosure): string {
  return d.state === 'requested' && !d.is_submitted ? 'preview' : d.state;
}

/** What a file of that format is called. */
export function fileName(d: Disclosure): string {
  const end = d.format === 'csv' ? 'csv' : `${d.format}.json`;
  return `${d.id}.${end}`;
}

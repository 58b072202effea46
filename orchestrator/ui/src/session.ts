// SPDX-License-Identifier: Apache-2.0
// Who uses the app, and what they may do.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { WhoAmI } from './api/types.js';

export type Capability =
  | 'submit'
  | 'withdraw'
  | 'manage_org_users'
  | 'claim'
  | 'analyse'
  | 'run_vm'
  | 'download_sample'
  | 'verdict'
  | 'approve_report'
  | 'manage_staff'
  | 'manage_vm_images'
  | 'manage_rules'
  | 'approve_rules'
  | 'activate_rules'
  | 'unseal'
  | 'share_partner'
  | 'share_community'
  | 'manage_policy'
  | 'approve_policy'
  | 'activate_crisis'
  | 'approve_crisis'
  | 'legal_hold'
  | 'audit_read'
  | 'metrics_read'
  | 'read_all_orgs'
  | 'manage_keys';

export interface UserSession {
  me: WhoAmI;
  /** Holds any of these? */
  can: (...any: Capability[]) => boolean;
  /** Of the CSIRT: sees the cases of all organisations. */
  isStaff: boolean;
  reload: () => Promise<void>;
  signOut: (everywhere: boolean) => Promise<void>;
}

export function capabilitiesOf(me: WhoAmI): Set<string> {
  return new Set(me.capabilities.split(' ').filter(Boolean));
}

export const SessionContext = createContext<UserSession | null>(null);

export function useSession(): UserSession {
  const session = useContext(SessionContext);

  if (!session) throw new Error('nobody is signed in');
  return session;
}

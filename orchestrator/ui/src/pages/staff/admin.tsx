// SPDX-License-Identifier: Apache-2.0
// Running the service: organisations, people, policy, mode, capacity, audit.
import { Page, type PageProps } from '../../components/page.js';
import { Tabs } from '../../components/tabs.js';
import { useT } from '../../i18n/index.js';
import { useSession, type Capability } from '../../session.js';
import { Keys } from '../keys.js';
import { AdminAudit } from './admin_audit.js';
import { AdminCapacity } from './admin_capacity.js';
import { AdminExceptions } from './admin_exceptions.js';
import { AdminHooks } from './admin_hooks.js';
import { AdminMode } from './admin_mode.js';
import { AdminOrganisations } from './admin_organisations.js';
import { AdminOutbox } from './admin_outbox.js';
import { AdminPeople } from './admin_people.js';
import { AdminPolicy } from './admin_policy.js';
import { AdminRecipients } from './admin_recipients.js';

const TABS = [
  'organisations',
  'people',
  'policy',
  'exceptions',
  'mode',
  'capacity',
  'audit',
  'outbox',
  'recipients',
  'hooks',
  'keys',
] as const;
type TabKey = (typeof TABS)[number];

/** Who has something to do there; the server decides. */
const NEEDS: Record<TabKey, Capability[]> = {
  organisations: ['manage_staff', 'read_all_orgs'],
  people: ['manage_staff', 'manage_org_users'],
  policy: ['manage_policy', 'approve_policy', 'read_all_orgs', 'manage_staff'],
  exceptions: ['read_all_orgs'],
  mode: ['activate_crisis', 'approve_crisis', 'read_all_orgs', 'manage_staff'],
  capacity: ['manage_staff', 'metrics_read', 'read_all_orgs'],
  audit: ['audit_read'],
  outbox: ['manage_staff'],
  recipients: ['manage_staff', 'read_all_orgs'],
  hooks: ['manage_policy'],
  keys: ['manage_keys', 'manage_staff'],
};

function Content(props: { tab: TabKey; rest: string }) {
  switch (props.tab) {
    case 'people':
      return <AdminPeople />;
    case 'policy':
      return <AdminPolicy version={props.rest} />;
    case 'exceptions':
      return <AdminExceptions />;
    case 'mode':
      return <AdminMode />;
    case 'capacity':
      return <AdminCapacity />;
    case 'audit':
      return <AdminAudit />;
    case 'outbox':
      return <AdminOutbox />;
    case 'recipients':
      return <AdminRecipients />;
    case 'hooks':
      return <AdminHooks />;
    case 'keys':
      return <Keys />;
    default:
      return <AdminOrganisations />;
  }
}

export default function AdminPage({ params }: PageProps) {
  const t = useT();
  const a = t.staff.admin;
  const { can } = useSession();
  const mine = TABS.filter(
    (key) =>
      can(...NEEDS[key]) &&
      (key !== 'hooks' || can('read_all_orgs', 'manage_staff')),
  );
  const [first, ...rest] = (params['rest'] ?? '').split('/');
  const tab = mine.find((key) => key === first) ?? mine[0] ?? 'organisations';

  return (
    <Page title={`${a.title}: ${a.tabs[tab]}`} heading={a.title} wide>
      <Tabs
        label={a.title}
        current={tab}
        tabs={mine.map((key) => ({
          key,
          label: a.tabs[key],
          href: `/admin/${key}`,
        }))}
      />
      <Content tab={tab} rest={rest.join('/')} />
    </Page>
  );
}

// SPDX-License-Identifier: Apache-2.0
// A case for those who work on it.
import { useEffect } from 'preact/hooks';
import { get, path, post } from '../../api/client.js';
import type { StaffCase } from '../../api/staff.js';
import { Alert, Badge, Name } from '../../components/basic.js';
import { Loaded, useLoad } from '../../components/load.js';
import { Page, type PageProps } from '../../components/page.js';
import { Tabs } from '../../components/tabs.js';
import { Pap, Tlp } from '../../components/tlp.js';
import { useT, wordFor } from '../../i18n/index.js';
import { useSession } from '../../session.js';
import { CaseArtefacts } from './case_artefacts.js';
import { CaseEvidence } from './case_evidence.js';
import { CaseOverview } from './case_overview.js';
import { CaseReports } from './case_reports.js';
import { CaseMessages, CaseNotes } from './case_talk.js';
import { CaseWork } from './case_work.js';
import { ActButton, SeverityBadge, VerdictBadge } from './parts.js';

const POLL_MS = 5000;
const TABS = [
  'overview',
  'artefacts',
  'work',
  'messages',
  'notes',
  'reports',
  'evidence',
] as const;
type TabKey = (typeof TABS)[number];

function Head(props: { item: StaffCase }) {
  const t = useT();
  const { item } = props;

  return (
    <p class="labels">
      <code>{item.number}</code>
      <Name text={item.org_name} />
      <Tlp label={item.tlp} />
      {item.tlp_restriction && <Name text={item.tlp_restriction} />}
      <Pap label={item.pap} />
      <Badge tone="info">{wordFor(t.stages, item.stage ?? item.state)}</Badge>
      <SeverityBadge severity={item.severity} />
      {item.verdict && <VerdictBadge value={item.verdict} />}
      {item.legal_hold && <Badge tone="warn">{t.staff.case.onHold}</Badge>}
      {item.jobs_open > 0 && (
        <Badge tone="info">{t.staff.case.jobsOpen(item.jobs_open)}</Badge>
      )}
    </p>
  );
}

function Owner(props: { item: StaffCase; reload: () => void }) {
  const t = useT();
  const c = t.staff.case;
  const { me, can } = useSession();
  const { item } = props;

  if (item.owner === undefined) return null;
  if (!item.owner)
    return can('claim') ? (
      <ActButton
        kind="primary"
        label={c.claim}
        act={async () => {
          await post(path`/cases/${item.number}/claim`);
          props.reload();
        }}
      />
    ) : null;
  return (
    <span class="owner">
      {t.case.owner}:{' '}
      <Name
        text={
          item.owner === me.account
            ? t.staff.queue.me
            : (item.owner_name ?? item.owner)
        }
      />
    </span>
  );
}

function Content(props: { item: StaffCase; tab: TabKey; reload: () => void }) {
  switch (props.tab) {
    case 'artefacts':
      return <CaseArtefacts item={props.item} />;
    case 'work':
      return <CaseWork item={props.item} />;
    case 'messages':
      return <CaseMessages item={props.item} />;
    case 'notes':
      return <CaseNotes item={props.item} />;
    case 'reports':
      return <CaseReports item={props.item} />;
    case 'evidence':
      return <CaseEvidence item={props.item} reload={props.reload} />;
    default:
      return <CaseOverview item={props.item} reload={props.reload} />;
  }
}

export default function StaffCasePage({ params }: PageProps) {
  const t = useT();
  const c = t.staff.case;
  const number = params['number'] ?? '';
  const tab = TABS.find((key) => key === params['tab']) ?? 'overview';
  const load = useLoad(
    (signal) => get<StaffCase>(path`/cases/${number}`, {}, signal),
    [number],
  );
  const isBusy = (load.data?.jobs_open ?? 0) > 0;

  useEffect(() => {
    if (!isBusy) return undefined;
    const timer = window.setInterval(() => {
      if (!document.hidden) load.reload();
    }, POLL_MS);
    return () => window.clearInterval(timer);
  }, [isBusy, load.reload]);

  return (
    <Page
      title={load.data?.title || number}
      heading={<Name text={load.data?.title || number} />}
      above={[['/queue', t.staff.queue.title]]}
      actions={load.data && <Owner item={load.data} reload={load.reload} />}
      wide
    >
      <Loaded load={load}>
        {(item) => (
          <>
            {item.number !== number && item.merged?.includes(number) && (
              <Alert>{t.staff.move.isNow(number, item.number)}</Alert>
            )}
            <Head item={item} />
            {(item.jobs_failed ?? 0) > 0 && (
              <Alert tone="warn">{c.jobsFailed(item.jobs_failed ?? 0)}</Alert>
            )}
            <Tabs
              label={c.parts}
              current={tab}
              tabs={TABS.map((key) => ({
                key,
                label: c.tabs[key],
                href: path`/cases/${number}/${key}`,
                ...(key === 'artefacts' ? { count: item.artefacts } : {}),
                ...(key === 'messages' && item.unread
                  ? { count: item.unread }
                  : {}),
              }))}
            />
            <Content item={item} tab={tab} reload={load.reload} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

// SPDX-License-Identifier: Apache-2.0
// A run in a virtual machine: how it ended, and what the sample did.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { get, getAll, path, post } from '../../api/client.js';
import type { Finding, FullArtefact, Run } from '../../api/staff.js';
import {
  Alert,
  Button,
  Card,
  Empty,
  Meter,
  Name,
  Time,
  type Tone,
} from '../../components/basic.js';
import { LinkButton } from '../../components/link.js';
import { Loaded, useLoad } from '../../components/load.js';
import { Page, type PageProps } from '../../components/page.js';
import { Tabs } from '../../components/tabs.js';
import { useT, wordFor } from '../../i18n/index.js';
import { visibleName } from '../../lib/format.js';
import { useSession } from '../../session.js';
import { isOpen } from './case_work.js';
import { ActButton, StateBadge } from './parts.js';
import { RunDialog } from './run_dialog.js';
import {
  RunConsole,
  RunEnvironment,
  RunFiles,
  RunFindings,
  RunNetwork,
  RunProcesses,
  RunSummary,
  RunTimeline,
} from './run_parts.js';

const POLL_MS = 1500;
const TABS = [
  'summary',
  'processes',
  'timeline',
  'files',
  'network',
  'console',
  'environment',
] as const;

const outcomeTones: Record<string, Tone> = {
  done: 'good',
  timeout: 'good',
  cancelled: 'neutral',
};

/** How it ended in plain words: a run that failed is never "clean". */
function Outcome(props: { run: Run }) {
  const t = useT();
  const r = t.staff.run;
  const { run } = props;

  if (isOpen(run.state))
    return (
      <Alert title={r.isRunning}>
        <p role="status">
          {wordFor(r.phases, run.phase) ||
            wordFor(t.staff.words.states, run.state)}
        </p>
        <Meter value={run.progress} max={100} label={r.progress} />
      </Alert>
    );
  const outcome = run.outcome ?? run.state;
  return (
    <Alert
      tone={outcomeTones[outcome] ?? 'warn'}
      title={wordFor(t.staff.words.outcomes, outcome)}
    >
      <p>{wordFor(r.outcomeText, outcome)}</p>
      {run.reason && (
        <p>
          <Name text={run.reason} />
        </p>
      )}
    </Alert>
  );
}

function Actions(props: { run: Run; reload: () => void }) {
  const t = useT();
  const r = t.staff.run;
  const { can } = useSession();
  const { run } = props;
  const [isAsking, setAsking] = useState(false);
  const artefact = useLoad(
    (signal) => get<FullArtefact>(path`/artefacts/${run.artefact}`, {}, signal),
    [run.artefact],
  );
  const others = useLoad(
    (signal) => getAll<Run>(path`/cases/${run.case}/runs`, {}, signal),
    [run.case],
  );
  const same = (others.data ?? []).filter(
    (o) => o.artefact === run.artefact && o.id !== run.id && !isOpen(o.state),
  );

  return (
    <>
      {isOpen(run.state) && can('analyse') && (
        <ActButton
          kind="danger"
          label={r.stop}
          act={async () => {
            await post(path`/jobs/${run.id}/cancel`);
            props.reload();
          }}
        />
      )}
      {same.length > 0 && (
        <LinkButton href={`/compare?a=${same[0]!.id}&b=${run.id}`}>
          {r.compareWith}
        </LinkButton>
      )}
      {can('run_vm') && artefact.data && (
        <Button kind="primary" onClick={() => setAsking(true)}>
          {r.again}
        </Button>
      )}
      {isAsking && artefact.data && (
        <RunDialog
          artefact={artefact.data}
          before={run.options}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

export default function RunPage({ params }: PageProps) {
  const t = useT();
  const r = t.staff.run;
  const id = params['id'] ?? '';
  const tab = TABS.find((key) => key === params['tab']) ?? 'summary';
  const load = useLoad(
    (signal) => get<Run>(path`/runs/${id}`, {}, signal),
    [id],
  );
  const state = load.data?.state ?? '';
  const isBusy = isOpen(state);

  useEffect(() => {
    if (!isBusy) return undefined;
    const timer = window.setInterval(load.reload, POLL_MS);
    return () => window.clearInterval(timer);
  }, [isBusy, load.reload]);
  const name = load.data ? visibleName(load.data.artefact_name) : '';

  return (
    <Page
      title={load.data ? r.titleOf(name) : r.run}
      above={
        load.data
          ? [
              ['/queue', t.staff.queue.title],
              [path`/cases/${load.data.case}/work`, r.theCase],
              [path`/artefacts/${load.data.artefact}`, name],
            ]
          : [['/queue', t.staff.queue.title]]
      }
      actions={load.data && <Actions run={load.data} reload={load.reload} />}
      wide
    >
      <Loaded load={load}>
        {(run) => (
          <>
            <p class="labels">
              <StateBadge state={run.state} />
              <span>
                {run.profile ? <Name text={run.profile} /> : r.automatic}
              </span>
              <Time at={run.started ?? run.created} />
            </p>
            <Outcome run={run} />
            <Tabs
              label={r.parts}
              current={tab}
              tabs={TABS.map((key) => ({
                key,
                label: r.tabs[key],
                href: path`/runs/${id}/${key}`,
              }))}
            />
            <Content
              key={`${run.trace ?? ''} ${run.state}`}
              run={run}
              tab={tab}
            />
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** All findings of the run's trace. */
export function useRunFindings(run: Run | undefined) {
  return useLoad(
    async (signal) => {
      if (!run?.trace) return [];
      return getAll<Finding>(
        path`/cases/${run.case}/findings`,
        { artefact: run.trace, limit: 500 },
        signal,
        8000,
      );
    },
    [run?.trace ?? ''],
  );
}

function Content(props: { run: Run; tab: (typeof TABS)[number] }) {
  const t = useT();
  const { run } = props;
  const load = useRunFindings(run);
  const findings = useMemo(() => load.data ?? [], [load.data]);

  if (props.tab === 'environment') return <RunEnvironment run={run} />;
  if (isOpen(run.state)) return <Empty>{t.staff.run.notYet}</Empty>;
  if (!run.trace && props.tab !== 'summary')
    return <Empty>{t.staff.run.noTrace}</Empty>;
  return (
    <Loaded load={load}>
      {() => {
        switch (props.tab) {
          case 'processes':
            return <RunProcesses findings={findings} />;
          case 'timeline':
            return <RunTimeline findings={findings} />;
          case 'files':
            return <RunFiles run={run} findings={findings} />;
          case 'network':
            return <RunNetwork run={run} findings={findings} />;
          case 'console':
            return <RunConsole findings={findings} />;
          default:
            return (
              <>
                <RunSummary run={run} findings={findings} />
                <Card title={t.staff.run.did}>
                  <RunFindings findings={findings} />
                </Card>
              </>
            );
        }
      }}
    </Loaded>
  );
}

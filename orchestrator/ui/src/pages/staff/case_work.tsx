// SPDX-License-Identifier: Apache-2.0
// What the machines did with a case: runs and jobs.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { get, path, post, type Page } from '../../api/client.js';
import type { Artefact } from '../../api/types.js';
import type { Job, Run, StaffCase } from '../../api/staff.js';
import { Card, Meter, Name, Time } from '../../components/basic.js';
import { Checkbox, SelectField } from '../../components/form.js';
import { Link, LinkButton } from '../../components/link.js';
import { useLoad } from '../../components/load.js';
import { PagedTable, usePages } from '../../components/pages.js';
import { useT, wordFor } from '../../i18n/index.js';
import { useSession } from '../../session.js';
import { ActButton, StateBadge } from './parts.js';

export function isOpen(state: string): boolean {
  return state === 'queued' || state === 'running';
}

function Runs(props: { number: string }) {
  const t = useT();
  const c = t.staff.case;
  const [chosen, setChosen] = useState<string[]>([]);
  const pages = usePages<Run>(path`/cases/${props.number}/runs`);
  const isBusy = pages.items?.some((r) => isOpen(r.state)) ?? false;

  useEffect(() => {
    if (!isBusy) return undefined;
    const timer = window.setInterval(pages.reload, 3000);
    return () => window.clearInterval(timer);
  }, [isBusy, pages.reload]);

  return (
    <Card
      title={c.runs}
      actions={
        chosen.length === 2 && (
          <LinkButton
            kind="primary"
            href={`/compare?a=${chosen[0]}&b=${chosen[1]}`}
          >
            {c.compare}
          </LinkButton>
        )
      }
    >
      <p class="hint">{c.compareHint}</p>
      <PagedTable
        pages={pages}
        caption={c.runs}
        empty={c.noRuns}
        rowKey={(r) => r.id}
        columns={[
          {
            key: 'choose',
            head: c.compare,
            cell: (r) => (
              <Checkbox
                label={
                  <span class="visually-hidden">
                    {c.chooseRun(r.artefact_name, r.profile)}
                  </span>
                }
                checked={chosen.includes(r.id)}
                disabled={!chosen.includes(r.id) && chosen.length === 2}
                onChange={(on) =>
                  setChosen(
                    on ? [...chosen, r.id] : chosen.filter((id) => id !== r.id),
                  )
                }
              />
            ),
          },
          {
            key: 'name',
            head: t.staff.artefact.name,
            isHead: true,
            cell: (r) => (
              <Link href={path`/runs/${r.id}`}>
                <Name text={r.artefact_name} />
              </Link>
            ),
          },
          {
            key: 'profile',
            head: t.staff.run.profile,
            cell: (r) => <Name text={r.profile} />,
          },
          {
            key: 'state',
            head: t.common.state,
            cell: (r) =>
              isOpen(r.state) ? (
                <>
                  <StateBadge state={r.state} />
                  <Meter
                    value={r.progress}
                    max={100}
                    label={t.staff.run.progress}
                  />
                </>
              ) : (
                <StateBadge state={r.state} />
              ),
          },
          {
            key: 'outcome',
            head: t.staff.run.outcome,
            cell: (r) => wordFor(t.staff.words.outcomes, r.outcome ?? ''),
          },
          {
            key: 'ended',
            head: t.staff.run.ended,
            cell: (r) => <Time at={r.ended} />,
          },
        ]}
      />
    </Card>
  );
}

const JOB_STATES = [
  'queued',
  'running',
  'done',
  'partial',
  'failed',
  'cancelled',
];

/** What the first artefacts of the case are called. */
function useNames(number: string): Map<string, string> {
  const load = useLoad(
    (signal) =>
      get<Page<Artefact>>(
        path`/cases/${number}/artefacts`,
        { parent: '*', limit: 500 },
        signal,
      ),
    [number],
  );

  return useMemo(
    () => new Map(load.data?.items.map((a) => [a.id, a.name])),
    [load.data],
  );
}

function Jobs(props: { number: string }) {
  const t = useT();
  const c = t.staff.case;
  const { can } = useSession();
  const [state, setState] = useState('');
  const pages = usePages<Job>(path`/cases/${props.number}/jobs`, { state });
  const names = useNames(props.number);

  return (
    <Card
      title={c.jobs}
      actions={
        <SelectField
          label={t.common.state}
          value={state}
          onChange={setState}
          options={[
            ['', c.all],
            ...JOB_STATES.map(
              (s) => [s, wordFor(t.staff.words.states, s)] as const,
            ),
          ]}
        />
      }
    >
      <PagedTable
        pages={pages}
        caption={c.jobs}
        empty={c.noJobs}
        rowKey={(j) => j.id}
        columns={[
          {
            key: 'kind',
            head: c.jobKind,
            isHead: true,
            cell: (j) => <code>{j.kind}</code>,
          },
          {
            key: 'artefact',
            head: t.staff.artefact.artefact,
            cell: (j) =>
              j.artefact ? (
                <Link href={path`/artefacts/${j.artefact}`}>
                  <Name text={names.get(j.artefact) ?? j.artefact.slice(-12)} />
                </Link>
              ) : (
                '–'
              ),
          },
          {
            key: 'state',
            head: t.common.state,
            cell: (j) => <StateBadge state={j.state} />,
          },
          {
            key: 'reason',
            head: t.common.reason,
            cell: (j) => <Name text={j.reason} />,
          },
          {
            key: 'attempt',
            head: c.attempt,
            numeric: true,
            cell: (j) => j.attempt,
          },
          {
            key: 'ended',
            head: t.staff.run.ended,
            cell: (j) => <Time at={j.ended} />,
          },
          {
            key: 'act',
            head: t.common.actions,
            cell: (j) =>
              can('analyse') && (
                <>
                  {(j.state === 'failed' || j.state === 'partial') && (
                    <ActButton
                      small
                      label={c.retry}
                      act={async () => {
                        await post(path`/jobs/${j.id}/retry`);
                        pages.reload();
                      }}
                    />
                  )}
                  {isOpen(j.state) && (
                    <ActButton
                      small
                      label={c.cancelJob}
                      act={async () => {
                        await post(path`/jobs/${j.id}/cancel`);
                        pages.reload();
                      }}
                    />
                  )}
                </>
              ),
          },
        ]}
      />
    </Card>
  );
}

export function CaseWork(props: { item: StaffCase }) {
  return (
    <>
      <Runs number={props.item.number} />
      <Jobs number={props.item.number} />
    </>
  );
}

// SPDX-License-Identifier: Apache-2.0
// Two runs side by side: first what was different around them, then what only
// one of them did.
import { useMemo, useState } from 'preact/hooks';
import { get, getAll, path } from '../../api/client.js';
import type { Run } from '../../api/staff.js';
import {
  Alert,
  Badge,
  Button,
  Card,
  Empty,
  Name,
  Time,
} from '../../components/basic.js';
import { SelectField } from '../../components/form.js';
import { Link } from '../../components/link.js';
import { Loaded, useLoad } from '../../components/load.js';
import { Page, type PageProps } from '../../components/page.js';
import { Table } from '../../components/table.js';
import { useT, useWords, wordFor } from '../../i18n/index.js';
import { formatTime, visibleName } from '../../lib/format.js';
import {
  difference,
  jsonChanges,
  runFacts,
  type Difference,
} from '../../logic/compare.js';
import { asRecord } from '../../logic/findings.js';
import { setQuery } from '../../router.js';
import { useRunFindings } from './run.js';

const ROWS_MAX = 500;

/** What is different in every run and says nothing about the sample. */
const NOISE = /^(timing|outputs|network|proof\.interfaces|slot|waited)/;

function RunHead(props: { run: Run; letter: string }) {
  const t = useT();
  const { run } = props;

  return (
    <div class={`run-head side-${props.letter.toLowerCase()}`}>
      <strong>{props.letter}</strong>{' '}
      <Link href={path`/runs/${run.id}`}>
        <Name text={run.artefact_name} />
      </Link>
      <p>
        <Name text={run.profile} /> · <Time at={run.started} /> ·{' '}
        {wordFor(t.staff.words.outcomes, run.outcome ?? run.state)}
      </p>
    </div>
  );
}

function Environment(props: { a: Run; b: Run }) {
  const t = useT();
  const c = t.staff.compare;
  const [isAll, setAll] = useState(false);
  const changes = useMemo(
    () =>
      jsonChanges(
        {
          profile: props.a.profile,
          outcome: props.a.outcome,
          options: props.a.options,
          ...asRecord(props.a.environment),
        },
        {
          profile: props.b.profile,
          outcome: props.b.outcome,
          options: props.b.options,
          ...asRecord(props.b.environment),
        },
      ),
    [props.a, props.b],
  );
  const shown = isAll ? changes : changes.filter((x) => !NOISE.test(x.path));

  return (
    <Card
      title={c.environment}
      actions={
        <Button small pressed={isAll} onClick={() => setAll(!isAll)}>
          {c.alsoNoise}
        </Button>
      }
    >
      {shown.length === 0 ? (
        <Empty>{c.sameEnvironment}</Empty>
      ) : (
        <Table
          caption={c.environment}
          rows={shown.slice(0, ROWS_MAX)}
          rowKey={(x) => x.path}
          columns={[
            {
              key: 'path',
              head: t.common.name,
              isHead: true,
              cell: (x) => <code>{x.path}</code>,
            },
            {
              key: 'a',
              head: 'A',
              cell: (x) => <Name text={x.before || '–'} />,
            },
            {
              key: 'b',
              head: 'B',
              cell: (x) => <Name text={x.after || '–'} />,
            },
          ]}
        />
      )}
    </Card>
  );
}

function Section(props: { title: string; diff: Difference }) {
  const t = useT();
  const c = t.staff.compare;
  const [withBoth, setBoth] = useState(false);
  const { diff } = props;
  const rows = [
    ...diff.onlyA.map((e) => ({ side: 'a', e, other: '' })),
    ...diff.onlyB.map((e) => ({ side: 'b', e, other: '' })),
    ...diff.changed.map((x) => ({ side: 'changed', e: x.a, other: x.b.note })),
    ...(withBoth ? diff.both.map((e) => ({ side: 'both', e, other: '' })) : []),
  ];

  return (
    <Card
      title={
        <>
          {props.title}{' '}
          <Badge tone={diff.onlyA.length ? 'warn' : 'neutral'}>
            {c.onlyIn('A', diff.onlyA.length)}
          </Badge>{' '}
          <Badge tone={diff.onlyB.length ? 'warn' : 'neutral'}>
            {c.onlyIn('B', diff.onlyB.length)}
          </Badge>{' '}
          <Badge>{c.inBoth(diff.both.length + diff.changed.length)}</Badge>
        </>
      }
      actions={
        <Button small pressed={withBoth} onClick={() => setBoth(!withBoth)}>
          {c.alsoBoth}
        </Button>
      }
    >
      {rows.length === 0 ? (
        <Empty>{c.same}</Empty>
      ) : (
        <Table
          caption={props.title}
          rows={rows.slice(0, ROWS_MAX).map((r, i) => ({ ...r, i }))}
          rowKey={(r) => r.i}
          rowClass={(r) => `side-${r.side}`}
          columns={[
            {
              key: 'side',
              head: c.where,
              cell: (r) => wordFor(c.sides, r.side),
            },
            {
              key: 'what',
              head: c.what,
              isHead: true,
              cell: (r) => <Name text={r.e.text} />,
            },
            {
              key: 'note',
              head: c.note,
              cell: (r) => (
                <Name
                  text={
                    r.side === 'changed'
                      ? `A: ${r.e.note} · B: ${r.other}`
                      : r.e.note
                  }
                />
              ),
            },
          ]}
        />
      )}
    </Card>
  );
}

function Comparison(props: { a: Run; b: Run }) {
  const c = useT().staff.compare;
  const a = useRunFindings(props.a);
  const b = useRunFindings(props.b);

  return (
    <>
      {props.a.artefact !== props.b.artefact && (
        <Alert tone="warn">{c.otherArtefact}</Alert>
      )}
      <Environment a={props.a} b={props.b} />
      <Loaded load={a}>
        {(findingsA) => (
          <Loaded load={b}>
            {(findingsB) => {
              const fa = runFacts(findingsA);
              const fb = runFacts(findingsB);
              return (
                <>
                  {(['findings', 'processes', 'network', 'files'] as const).map(
                    (part) => (
                      <Section
                        key={part}
                        title={c.parts[part]}
                        diff={difference(fa[part], fb[part])}
                      />
                    ),
                  )}
                </>
              );
            }}
          </Loaded>
        )}
      </Loaded>
    </>
  );
}

function Choice(props: {
  letter: string;
  runs: Run[];
  value: string;
  onChange: (id: string) => void;
}) {
  const { t, locale } = useWords();

  return (
    <SelectField
      label={t.staff.compare.run(props.letter)}
      value={props.value}
      onChange={props.onChange}
      options={props.runs.map(
        (r) =>
          [
            r.id,
            `${visibleName(r.artefact_name)} · ${r.profile} · ${formatTime(r.created, locale)} · ${wordFor(t.staff.words.outcomes, r.outcome ?? r.state)}`,
          ] as const,
      )}
    />
  );
}

export default function ComparePage({ query }: PageProps) {
  const t = useT();
  const c = t.staff.compare;
  const idA = query.get('a') ?? '';
  const idB = query.get('b') ?? '';
  const load = useLoad(
    async (signal) => {
      const [a, b] = await Promise.all([
        get<Run>(path`/runs/${idA}`, {}, signal),
        get<Run>(path`/runs/${idB}`, {}, signal),
      ]);
      const runs = await getAll<Run>(path`/cases/${b.case}/runs`, {}, signal);
      return { a, b, runs };
    },
    [idA, idB],
  );

  if (idA === '' || idB === '')
    return (
      <Page title={c.title}>
        <Empty>{c.choose}</Empty>
      </Page>
    );
  return (
    <Page
      title={c.title}
      above={[
        ['/queue', t.staff.queue.title],
        ...(load.data
          ? ([[path`/cases/${load.data.b.case}/work`, t.staff.run.theCase]] as [
              string,
              string,
            ][])
          : []),
      ]}
      wide
    >
      <Loaded load={load}>
        {({ a, b, runs }) => (
          <>
            <div class="two-columns even">
              <div>
                <RunHead run={a} letter="A" />
                <Choice
                  letter="A"
                  runs={runs.some((r) => r.id === a.id) ? runs : [a, ...runs]}
                  value={a.id}
                  onChange={(id) => setQuery({ a: id })}
                />
              </div>
              <div>
                <RunHead run={b} letter="B" />
                <Choice
                  letter="B"
                  runs={runs}
                  value={b.id}
                  onChange={(id) => setQuery({ b: id })}
                />
              </div>
            </div>
            <Comparison key={`${a.id} ${b.id}`} a={a} b={b} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

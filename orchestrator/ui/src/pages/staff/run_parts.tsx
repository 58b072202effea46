// SPDX-License-Identifier: Apache-2.0
// The parts of a run's page.
import { useMemo, useState } from 'preact/hooks';
import { path } from '../../api/client.js';
import type { Finding, Run } from '../../api/staff.js';
import {
  Alert,
  Bytes,
  Card,
  Empty,
  Facts,
  Hash,
  Name,
} from '../../components/basic.js';
import {
  ScoreBadge,
  type TreeArtefact,
} from '../../components/charts/artefact_map.js';
import { ProcessTree } from '../../components/charts/process_tree.js';
import { Timeline } from '../../components/charts/timeline.js';
import { TextField } from '../../components/form.js';
import { Link } from '../../components/link.js';
import { PagedTable, usePages } from '../../components/pages.js';
import { Table } from '../../components/table.js';
import { useT } from '../../i18n/index.js';
import {
  asList,
  asRecord,
  asText,
  factsByName,
  inline,
  titleOf,
} from '../../logic/findings.js';
import { processOf, type ProcessFact } from '../../logic/process_tree.js';
import { formatMs } from '../../logic/scale.js';
import { timelineEventOf, type TimelineEvent } from '../../logic/timeline.js';
import { Attack } from './artefact_findings.js';
import { JsonView } from './parts.js';

function isThere<T>(value: T | null): value is T {
  return value !== null;
}

export function RunProcesses(props: { findings: Finding[] }) {
  const t = useT();
  const processes = useMemo<ProcessFact[]>(
    () =>
      (factsByName(props.findings).get('process') ?? [])
        .map(processOf)
        .filter(isThere),
    [props.findings],
  );

  if (processes.length === 0) return <Empty>{t.staff.run.noProcesses}</Empty>;
  return (
    <Card>
      <ProcessTree processes={processes} />
    </Card>
  );
}

export function RunTimeline(props: { findings: Finding[] }) {
  const t = useT();
  const events = useMemo<TimelineEvent[]>(
    () =>
      (factsByName(props.findings).get('timeline') ?? [])
        .map(timelineEventOf)
        .filter(isThere)
        .sort((a, b) => a.at_ms - b.at_ms),
    [props.findings],
  );

  if (events.length === 0) return <Empty>{t.staff.run.noEvents}</Empty>;
  return (
    <Card>
      <Timeline events={events} />
    </Card>
  );
}

export function RunFindings(props: { findings: Finding[] }) {
  const t = useT();
  const list = props.findings
    .filter((f) => f.type === 'finding' || f.type === 'match')
    .sort((a, b) => b.score - a.score);

  if (list.length === 0) return <Empty>{t.staff.run.noFindings}</Empty>;
  return (
    <ul class="highlights">
      {list.map((f) => (
        <li key={f.id}>
          <ScoreBadge score={f.score} />{' '}
          <strong>
            <Name text={titleOf(f.detail) || f.name} />
          </strong>{' '}
          <Attack detail={f.detail} />
          <ul class="evidence">
            {asList(asRecord(f.detail)['evidence'])
              .slice(0, 5)
              .map((e, i) => {
                const v = asRecord(e);
                return (
                  <li key={i}>
                    {typeof v['at_ms'] === 'number' && (
                      <span class="hint">{formatMs(v['at_ms'])} </span>
                    )}
                    <Name
                      text={[
                        'image',
                        'path',
                        'name',
                        'address',
                        'target',
                        'command',
                      ]
                        .map((k) => inline(v[k]))
                        .filter(Boolean)
                        .join(' → ')}
                    />
                  </li>
                );
              })}
          </ul>
        </li>
      ))}
    </ul>
  );
}

export function RunSummary(props: { run: Run; findings: Finding[] }) {
  const t = useT();
  const r = t.staff.run;
  const facts = useMemo(() => factsByName(props.findings), [props.findings]);
  const summary = asRecord(facts.get('behaviour_summary')?.[0]);
  const lost = facts.get('lost') ?? [];
  const limits = props.findings.filter(
    (f) => f.type === 'limit' || f.type === 'error',
  );
  const timing = asRecord(asRecord(props.run.environment)['timing']);
  const ms = (name: string) =>
    typeof timing[name] === 'number' ? formatMs(timing[name] as number) : '–';

  return (
    <Card title={r.tabs.summary}>
      {(lost.length > 0 || limits.length > 0) && (
        <Alert tone="warn" title={r.incomplete}>
          <ul>
            {limits.map((f) => (
              <li key={f.id}>
                <Name text={asText(asRecord(f.detail)['text']) || f.name} />
              </li>
            ))}
            {lost.map((l, i) => (
              <li key={i}>
                <Name
                  text={r.lost(
                    asText(asRecord(l)['source']),
                    asText(asRecord(l)['count']),
                  )}
                />
              </li>
            ))}
          </ul>
        </Alert>
      )}
      <Facts
        items={[
          [r.events, asText(summary['events']) || '–'],
          [r.tabs.processes, asText(summary['processes']) || '–'],
          [r.filesTouched, String(facts.get('file')?.length ?? 0)],
          [r.names, String(facts.get('dns')?.length ?? 0)],
          [r.connections, String(facts.get('connection')?.length ?? 0)],
          [r.sampleTime, ms('sample_ms')],
          [r.overhead, ms('overhead_ms')],
        ]}
      />
    </Card>
  );
}

export function RunFiles(props: { run: Run; findings: Finding[] }) {
  const t = useT();
  const r = t.staff.run;
  const [filter, setFilter] = useState('');
  const files = useMemo(
    () => (factsByName(props.findings).get('file') ?? []).map(asRecord),
    [props.findings],
  );
  const dropped = usePages<TreeArtefact>(
    props.run.trace ? path`/cases/${props.run.case}/artefacts` : null,
    { parent: props.run.trace },
  );
  const wanted = filter.toLowerCase();

  return (
    <>
      <Card title={r.dropped}>
        <PagedTable
          pages={dropped}
          caption={r.dropped}
          empty={r.noDropped}
          rowKey={(a) => a.id}
          columns={[
            {
              key: 'name',
              head: t.common.name,
              isHead: true,
              cell: (a) => (
                <Link href={path`/artefacts/${a.id}`}>
                  <Name text={a.name} />
                </Link>
              ),
            },
            {
              key: 'mime',
              head: t.staff.chart.type,
              cell: (a) => <code>{a.mime}</code>,
            },
            {
              key: 'size',
              head: t.common.size,
              numeric: true,
              cell: (a) => <Bytes n={a.size} />,
            },
            {
              key: 'hash',
              head: 'SHA-256',
              cell: (a) => <Hash hex={a.sha256} />,
            },
            {
              key: 'score',
              head: t.staff.chart.score,
              numeric: true,
              cell: (a) => <ScoreBadge score={a.score} />,
            },
          ]}
        />
      </Card>
      <Card
        title={r.filesTouched}
        actions={
          <TextField
            label={t.staff.case.filter}
            type="search"
            value={filter}
            onChange={setFilter}
          />
        }
      >
        {files.length === 0 && <Empty>{r.noFiles}</Empty>}
        {files.length > 0 && (
          <Table
            caption={r.filesTouched}
            rows={files
              .filter((f) => inline(f).toLowerCase().includes(wanted))
              .slice(0, 1000)
              .map((f, i) => ({ f, i }))}
            rowKey={(x) => x.i}
            columns={[
              {
                key: 'path',
                head: r.path,
                isHead: true,
                cell: (x) => <Name text={asText(x.f['path'])} />,
              },
              {
                key: 'action',
                head: r.action,
                cell: (x) => <Name text={asText(x.f['action'])} />,
              },
              {
                key: 'image',
                head: t.staff.chart.image,
                cell: (x) => <Name text={asText(x.f['image'])} />,
              },
            ]}
          />
        )}
      </Card>
    </>
  );
}

export function RunNetwork(props: { run: Run; findings: Finding[] }) {
  const t = useT();
  const r = t.staff.run;
  const facts = useMemo(() => factsByName(props.findings), [props.findings]);
  const network = asRecord(asRecord(props.run.environment)['network']);
  const talks = asList(network['connections']).map(asRecord);
  const names = (facts.get('dns') ?? []).map(asRecord);
  const connections = (facts.get('connection') ?? []).map(asRecord);
  const proof = asRecord(asRecord(props.run.environment)['proof']);

  return (
    <>
      <Alert tone={proof['is_closed'] === true ? 'good' : 'warn'}>
        {proof['is_closed'] === true
          ? r.closed(asList(proof['tried']).length)
          : r.notProved}
      </Alert>
      <Card title={r.talks}>
        <p class="hint">{r.talksHint}</p>
        {talks.length === 0 ? (
          <Empty>{r.noTalks}</Empty>
        ) : (
          <Table
            caption={r.talks}
            rows={talks.map((c, i) => ({ c, i }))}
            rowKey={(x) => x.i}
            columns={[
              {
                key: 'host',
                head: r.host,
                isHead: true,
                cell: (x) => (
                  <Name
                    text={
                      asText(x.c['host']) ||
                      asText(x.c['name']) ||
                      asText(x.c['address'])
                    }
                  />
                ),
              },
              {
                key: 'end',
                head: r.address,
                cell: (x) =>
                  `${asText(x.c['address'])}:${asText(x.c['port'])}/${asText(x.c['proto'])}`,
              },
              {
                key: 'what',
                head: r.request,
                cell: (x) => (
                  <Name
                    text={[
                      x.c['app'],
                      x.c['method'],
                      x.c['path'],
                      x.c['user_agent'],
                    ]
                      .map(asText)
                      .filter(Boolean)
                      .join(' ')}
                  />
                ),
              },
              {
                key: 'status',
                head: r.status,
                numeric: true,
                cell: (x) => asText(x.c['status']) || '–',
              },
              {
                key: 'sent',
                head: r.sent,
                numeric: true,
                cell: (x) => <Bytes n={Number(x.c['sent']) || 0} />,
              },
              {
                key: 'received',
                head: r.received,
                numeric: true,
                cell: (x) => <Bytes n={Number(x.c['received']) || 0} />,
              },
            ]}
          />
        )}
        {props.run.pcap && (
          <p>
            <Link href={path`/artefacts/${props.run.pcap}`}>{r.pcap}</Link>
          </p>
        )}
      </Card>
      <Card title={r.names}>
        {names.length === 0 ? (
          <Empty>{r.noNames}</Empty>
        ) : (
          <Table
            caption={r.names}
            rows={names.map((n, i) => ({ n, i }))}
            rowKey={(x) => x.i}
            columns={[
              {
                key: 'name',
                head: t.common.name,
                isHead: true,
                cell: (x) => (
                  <Link
                    href={`/search?kind=indicator&q=${encodeURIComponent(asText(x.n['name']))}`}
                  >
                    <Name text={asText(x.n['name'])} />
                  </Link>
                ),
              },
              {
                key: 'image',
                head: t.staff.chart.image,
                cell: (x) => <Name text={asText(x.n['image'])} />,
              },
              {
                key: 'count',
                head: r.times,
                numeric: true,
                cell: (x) => asText(x.n['count']) || '1',
              },
            ]}
          />
        )}
      </Card>
      <Card title={r.connections}>
        {connections.length === 0 ? (
          <Empty>{r.noConnections}</Empty>
        ) : (
          <Table
            caption={r.connections}
            rows={connections.map((c, i) => ({ c, i }))}
            rowKey={(x) => x.i}
            columns={[
              {
                key: 'end',
                head: r.address,
                isHead: true,
                cell: (x) => (
                  <Name
                    text={`${asText(x.c['address'])}:${asText(x.c['port'])}/${asText(x.c['protocol'])}`}
                  />
                ),
              },
              {
                key: 'image',
                head: t.staff.chart.image,
                cell: (x) => <Name text={asText(x.c['image'])} />,
              },
              {
                key: 'count',
                head: r.times,
                numeric: true,
                cell: (x) => asText(x.c['count']) || '1',
              },
            ]}
          />
        )}
      </Card>
    </>
  );
}

export function RunConsole(props: { findings: Finding[] }) {
  const t = useT();
  const text = useMemo(
    () =>
      (factsByName(props.findings).get('console') ?? []).map(asText).join(''),
    [props.findings],
  );

  if (text === '') return <Empty>{t.staff.run.noConsole}</Empty>;
  return (
    <Card title={t.staff.run.tabs.console}>
      <pre class="console" tabIndex={0} aria-label={t.staff.run.tabs.console}>
        {text.replace(
          /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
          '\ufffd',
        )}
      </pre>
    </Card>
  );
}

export function RunEnvironment(props: { run: Run }) {
  const t = useT();
  const r = t.staff.run;
  const environment = asRecord(props.run.environment);
  const { network: _network, ...rest } = environment;

  return (
    <>
      <Card title={r.options}>
        <JsonView value={asRecord(props.run.options)} caption={r.options} />
      </Card>
      <Card title={r.tabs.environment}>
        <p class="hint">{r.repeat}</p>
        {Object.keys(rest).length === 0 ? (
          <Empty>{r.notYet}</Empty>
        ) : (
          Object.entries(rest).map(([name, value]) => (
            <section key={name}>
              <h3>
                <code>{name}</code>
              </h3>
              <JsonView value={value} caption={name} />
            </section>
          ))
        )}
      </Card>
    </>
  );
}

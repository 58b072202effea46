// SPDX-License-Identifier: Apache-2.0
// One version of the rules: what is in it, what it changes, who lets it in.
import { useState } from 'preact/hooks';
import { get, path, post } from '../../api/client.js';
import type {
  RuleDetail,
  RuleDiff,
  RuleRow,
  RuleVersion,
} from '../../api/staff.js';
import {
  Alert,
  Button,
  Card,
  Facts,
  Hash,
  Name,
  Time,
} from '../../components/basic.js';
import { Dialog } from '../../components/dialog.js';
import { SelectField, TextField } from '../../components/form.js';
import {
  Loaded,
  ProblemAlert,
  useAction,
  useLoad,
} from '../../components/load.js';
import { Page, type PageProps } from '../../components/page.js';
import { PagedTable, usePages } from '../../components/pages.js';
import { Tabs } from '../../components/tabs.js';
import { useT, wordFor } from '../../i18n/index.js';
import { navigate } from '../../router.js';
import { useSession } from '../../session.js';
import { ActButton, ReasonButton, StateBadge } from './parts.js';

const TABS = ['diff', 'rules', 'notes'] as const;
const STATES = ['active', 'noisy', 'quarantined', 'disabled', 'rejected'];

function Actions(props: { item: RuleVersion; reload: () => void }) {
  const t = useT();
  const r = t.staff.rules;
  const { me, can } = useSession();
  const { item } = props;
  const to = path`/rules/versions/${item.version}`;

  return (
    <>
      {item.state === 'tested' && can('approve_rules') && (
        <ActButton
          kind="primary"
          label={r.approve}
          act={async () => {
            await post(`${to}/approve`);
            props.reload();
          }}
        />
      )}
      {(item.state === 'approved' || item.state === 'retired') &&
        can('activate_rules') && (
          <ActButton
            kind="primary"
            label={item.state === 'retired' ? r.rollBack : r.activate}
            act={async () => {
              await post(`${to}/activate`, { active: -1 });
              props.reload();
            }}
          />
        )}
      {['draft', 'tested', 'approved'].includes(item.state) &&
        (can('approve_rules') || item.author === me.account) && (
          <ReasonButton
            danger
            label={r.reject}
            act={async (reason) => {
              await post(`${to}/reject`, { reason });
              props.reload();
            }}
          />
        )}
      {['tested', 'approved'].includes(item.state) && can('analyse') && (
        <ActButton
          label={r.tryOut}
          act={async () => {
            const made = await post<{ id: number }>('/rescans', {
              kind: 'preview',
              version: item.version,
            });
            navigate(`/rules/rescans/${made.id}`);
          }}
        />
      )}
    </>
  );
}

function Diff(props: { version: number }) {
  const t = useT();
  const r = t.staff.rules;
  const [base, setBase] = useState('0');
  const pages = usePages<RuleDiff>(
    path`/rules/versions/${props.version}/diff`,
    { base: Number(base) || 0 },
  );
  const versions = usePages<RuleVersion>('/rules/versions', {}, 50);

  return (
    <Card
      title={r.tabs.diff}
      actions={
        <SelectField
          label={r.base}
          value={base}
          onChange={setBase}
          options={[
            ['0', r.baseActive],
            ...(versions.items ?? [])
              .filter((v) => v.version !== props.version)
              .map((v) => [String(v.version), r.versionOf(v.version)] as const),
          ]}
        />
      }
    >
      <PagedTable
        pages={pages}
        caption={r.tabs.diff}
        empty={r.noDiff}
        missing={r.noBase}
        rowKey={(d) => `${d.change} ${d.namespace} ${d.name}`}
        rowClass={(d) => `change-${d.change}`}
        columns={[
          {
            key: 'change',
            head: r.change,
            cell: (d) => wordFor(r.changes, d.change),
          },
          {
            key: 'name',
            head: r.rule,
            isHead: true,
            cell: (d) => <Name text={d.name} />,
          },
          {
            key: 'namespace',
            head: r.namespace,
            cell: (d) => <Name text={d.namespace} />,
          },
          {
            key: 'state',
            head: t.common.state,
            cell: (d) =>
              d.base_state && d.state && d.base_state !== d.state ? (
                <>
                  {wordFor(t.staff.words.states, d.base_state)} →{' '}
                  {wordFor(t.staff.words.states, d.state)}
                </>
              ) : (
                wordFor(t.staff.words.states, d.state ?? d.base_state ?? '')
              ),
          },
          {
            key: 'reason',
            head: t.common.reason,
            cell: (d) => <Name text={d.reason} />,
          },
        ]}
      />
    </Card>
  );
}

function RuleDialog(props: {
  version: number;
  rule: RuleRow;
  onClose: () => void;
}) {
  const t = useT();
  const r = t.staff.rules;
  const { can } = useSession();
  const { rule } = props;
  const [state, setState] = useState('noisy');
  const [reason, setReason] = useState('');
  const name = `${rule.namespace}:${rule.name}`;
  const load = useLoad(
    (signal) =>
      get<RuleDetail>(
        path`/rules/versions/${props.version}/rule`,
        { rule: name },
        signal,
      ),
    [props.version, name],
  );
  const action = useAction(async () => {
    const made = await post<{ version: number }>('/rules/states', {
      rules: [{ rule: name, state, reason }],
      comment: `${rule.name}: ${state}`,
    });
    navigate(`/rules/versions/${made.version}`);
  });

  return (
    <Dialog title={rule.name} onClose={props.onClose} wide>
      <Loaded load={load}>
        {(d) => (
          <>
            <Facts
              items={[
                [r.namespace, <Name key="n" text={d.namespace} />],
                [t.common.state, <StateBadge key="s" state={d.state} />],
                [t.common.reason, <Name key="r" text={d.reason || '–'} />],
                [
                  r.source,
                  <Name key="p" text={`${d.source} ${d.path}:${d.line}`} />,
                ],
                [t.staff.chart.score, String(d.score)],
                [r.cost, d.cost_ms === null ? '–' : `${d.cost_ms} ms`],
                [r.indexSays, <Name key="c" text={d.condition} />],
              ]}
            />
            <pre class="rule-text" tabIndex={0} aria-label={r.text}>
              {d.text}
            </pre>
          </>
        )}
      </Loaded>
      {can('manage_rules') && (
        <form
          class="inline-form"
          onSubmit={(event) => {
            event.preventDefault();
            void action.run();
          }}
        >
          <SelectField
            label={r.newState}
            value={state}
            onChange={setState}
            options={['active', 'noisy', 'quarantined', 'disabled'].map(
              (s) => [s, wordFor(t.staff.words.states, s)] as const,
            )}
          />
          <TextField
            label={t.common.reason}
            value={reason}
            onChange={setReason}
            required
          />
          <Button
            type="submit"
            busy={action.isBusy}
            disabled={reason.trim() === ''}
          >
            {r.setState}
          </Button>
          {action.error ? <ProblemAlert error={action.error} /> : null}
        </form>
      )}
    </Dialog>
  );
}

function RuleList(props: { version: number }) {
  const t = useT();
  const r = t.staff.rules;
  const [state, setState] = useState('');
  const [open, setOpen] = useState<RuleRow | null>(null);
  const pages = usePages<RuleRow>(
    path`/rules/versions/${props.version}/rules`,
    {
      state,
    },
  );

  return (
    <Card
      title={r.rules}
      actions={
        <SelectField
          label={t.common.state}
          value={state}
          onChange={setState}
          options={[
            ['', t.staff.case.all],
            ...STATES.map(
              (s) => [s, wordFor(t.staff.words.states, s)] as const,
            ),
          ]}
        />
      }
    >
      <PagedTable
        pages={pages}
        caption={r.rules}
        empty={r.noRules}
        rowKey={(x) => `${x.namespace}:${x.name}:${x.line}`}
        columns={[
          {
            key: 'name',
            head: r.rule,
            isHead: true,
            cell: (x) => (
              <Button kind="quiet" small onClick={() => setOpen(x)}>
                <Name text={x.name} />
              </Button>
            ),
          },
          {
            key: 'namespace',
            head: r.namespace,
            cell: (x) => <Name text={x.namespace} />,
          },
          {
            key: 'state',
            head: t.common.state,
            cell: (x) => <StateBadge state={x.state} />,
          },
          {
            key: 'reason',
            head: t.common.reason,
            cell: (x) => <Name text={x.reason} />,
          },
          {
            key: 'score',
            head: t.staff.chart.score,
            numeric: true,
            cell: (x) => x.score,
          },
          {
            key: 'cost',
            head: r.cost,
            numeric: true,
            cell: (x) => (x.cost_ms === null ? '–' : `${x.cost_ms} ms`),
          },
        ]}
      />
      {open && (
        <RuleDialog
          version={props.version}
          rule={open}
          onClose={() => setOpen(null)}
        />
      )}
    </Card>
  );
}

interface RuleNote {
  what: string;
  text: string;
  source: string;
  path: string;
  line: number;
}

function Notes(props: { version: number }) {
  const t = useT();
  const r = t.staff.rules;
  const pages = usePages<RuleNote>(
    path`/rules/versions/${props.version}/notes`,
  );

  return (
    <Card title={r.tabs.notes}>
      <PagedTable
        pages={pages}
        caption={r.tabs.notes}
        empty={r.noNotes}
        rowKey={(n) => `${n.source} ${n.path} ${n.line} ${n.text}`}
        columns={[
          { key: 'what', head: r.what, cell: (n) => n.what },
          {
            key: 'text',
            head: r.text,
            isHead: true,
            cell: (n) => <Name text={n.text} />,
          },
          {
            key: 'where',
            head: r.source,
            cell: (n) => <Name text={`${n.source} ${n.path}:${n.line}`} />,
          },
        ]}
      />
    </Card>
  );
}

export default function RuleVersionPage({ params }: PageProps) {
  const t = useT();
  const r = t.staff.rules;
  const version = Number(params['version']) || 0;
  const tab = TABS.find((key) => key === params['tab']) ?? 'diff';
  const load = useLoad(
    (signal) => get<RuleVersion>(path`/rules/versions/${version}`, {}, signal),
    [version],
  );

  return (
    <Page
      title={r.versionOf(version)}
      above={[['/rules', r.title]]}
      actions={load.data && <Actions item={load.data} reload={load.reload} />}
      wide
    >
      <Loaded load={load}>
        {(item) => (
          <>
            <p class="labels">
              <StateBadge state={item.state} />
              <Name text={item.comment} />
            </p>
            {item.is_single_person && <Alert tone="warn">{r.onePerson}</Alert>}
            {item.reason && (
              <Alert tone={item.state === 'rejected' ? 'bad' : 'info'}>
                <Name text={item.reason} />
              </Alert>
            )}
            <Card>
              <Facts
                items={[
                  [r.author, <Name key="a" text={item.author_name} />],
                  [
                    r.approver,
                    <Name key="b" text={item.approver_name ?? '–'} />,
                  ],
                  [
                    r.parent,
                    item.parent === null ? '–' : r.versionOf(item.parent),
                  ],
                  [r.rules, String(item.rules)],
                  [r.engine, <Name key="e" text={item.engine || '–'} />],
                  [r.created, <Time key="c" at={item.created} />],
                  [r.activated, <Time key="d" at={item.activated} />],
                  item.digest
                    ? ['SHA-256', <Hash key="h" hex={item.digest} />]
                    : null,
                ]}
              />
              {item.counts && (
                <p class="labels">
                  {Object.entries(item.counts)
                    .filter(
                      ([state, n]) =>
                        state !== 'rules' && typeof n === 'number' && n > 0,
                    )
                    .map(([state, n]) => (
                      <span key={state}>
                        {wordFor(t.staff.words.states, state)}: {n}
                      </span>
                    ))}
                </p>
              )}
            </Card>
            <Tabs
              label={r.parts}
              current={tab}
              tabs={TABS.map((key) => ({
                key,
                label: r.tabs[key],
                href: path`/rules/versions/${version}/${key}`,
              }))}
            />
            {tab === 'rules' ? (
              <RuleList version={version} />
            ) : tab === 'notes' ? (
              <Notes version={version} />
            ) : (
              <Diff version={version} />
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

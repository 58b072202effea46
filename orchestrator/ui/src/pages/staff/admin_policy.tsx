// SPDX-License-Identifier: Apache-2.0
// The policy as data: versions, what one changes, proposal and approval.
import { useState } from 'preact/hooks';
import { get, path, post, type Page } from '../../api/client.js';
import type { PolicyVersion } from '../../api/staff.js';
import {
  Alert,
  Badge,
  Button,
  Card,
  Facts,
  Name,
  Time,
} from '../../components/basic.js';
import { TextArea, TextField } from '../../components/form.js';
import { Link } from '../../components/link.js';
import {
  Loaded,
  ProblemAlert,
  useAction,
  useLoad,
} from '../../components/load.js';
import { PagedTable, usePages } from '../../components/pages.js';
import { Table } from '../../components/table.js';
import { useT, wordFor } from '../../i18n/index.js';
import { jsonChanges, type Change } from '../../logic/compare.js';
import { asRecord, inline } from '../../logic/findings.js';
import { navigate } from '../../router.js';
import { useSession } from '../../session.js';
import { ActButton, ReasonButton, StateBadge } from './parts.js';

function parsed(document: unknown): unknown {
  if (typeof document !== 'string') return document ?? {};
  try {
    return JSON.parse(document);
  } catch {
    return {};
  }
}

function Changes(props: { changes: Change[] }) {
  const t = useT();
  const p = t.staff.admin.policy;

  return props.changes.length === 0 ? (
    <p class="hint">{p.noChanges}</p>
  ) : (
    <Table
      caption={p.diff}
      rows={props.changes}
      rowKey={(c) => c.path}
      columns={[
        {
          key: 'path',
          head: p.where,
          isHead: true,
          cell: (c) => <code class="wrap">{c.path}</code>,
        },
        {
          key: 'before',
          head: p.before,
          cell: (c) => (
            <span class="before">
              <Name text={c.before ?? '–'} />
            </span>
          ),
        },
        {
          key: 'after',
          head: p.after,
          cell: (c) => (
            <span class="after">
              <Name text={c.after ?? '–'} />
            </span>
          ),
        },
      ]}
    />
  );
}

/** Services against classes: the charter's matrix. */
function Matrix(props: { document: unknown }) {
  const t = useT();
  const p = t.staff.admin.policy;
  const services = asRecord(asRecord(props.document)['services']);
  const classes = [
    ...new Set(
      Object.values(services).flatMap((s) => Object.keys(asRecord(s))),
    ),
  ].sort();

  if (classes.length === 0) return null;
  return (
    <Table
      caption={p.matrix}
      showCaption
      rows={Object.entries(services)}
      rowKey={([name]) => name}
      columns={[
        {
          key: 'service',
          head: p.service,
          isHead: true,
          cell: ([name]) => wordFor(p.services, name),
        },
        ...classes.map((klass) => ({
          key: klass,
          head: klass,
          cell: ([, by]: [string, unknown]) => {
            const entry = asRecord(asRecord(by)[klass]);
            return entry['allowed'] === true ? (
              <>
                <Badge tone="good">
                  {wordFor(p.clocks, inline(entry['clock']))}
                </Badge>
                {entry['capacity'] === true && (
                  <span class="hint block">{p.capacity}</span>
                )}
              </>
            ) : (
              <span class="hint">{p.notEntitled}</span>
            );
          },
        })),
      ]}
    />
  );
}

function Propose(props: { document: unknown; onDone: () => void }) {
  const t = useT();
  const p = t.staff.admin.policy;
  const before = props.document;
  const [text, setText] = useState(() => JSON.stringify(before, null, 2));
  const [comment, setComment] = useState('');
  let document: unknown = null;
  let wrong = '';

  try {
    document = JSON.parse(text);
  } catch (e) {
    wrong = e instanceof Error ? e.message : String(e);
  }
  const changes = wrong === '' ? jsonChanges(before, document) : [];
  const action = useAction(async () => {
    const made = await post<{ version: number }>('/policies', {
      document,
      comment: comment.trim(),
    });
    props.onDone();
    navigate(`/admin/policy/${made.version}`);
  });

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void action.run();
      }}
    >
      <div class="two-columns even">
        <TextArea
          label={p.document}
          value={text}
          onChange={setText}
          rows={24}
          error={wrong || undefined}
        />
        <div>
          <h3>{p.diff}</h3>
          <Changes changes={changes} />
        </div>
      </div>
      <TextField
        label={p.comment}
        value={comment}
        onChange={setComment}
        required
      />
      {action.error ? <ProblemAlert error={action.error} /> : null}
      <Button
        type="submit"
        kind="primary"
        busy={action.isBusy}
        disabled={wrong !== '' || changes.length === 0 || comment.trim() === ''}
      >
        {p.propose}
      </Button>
    </form>
  );
}

function Version(props: { version: number; active: number }) {
  const t = useT();
  const p = t.staff.admin.policy;
  const { me, can } = useSession();
  const [isProposing, setProposing] = useState(false);
  const load = useLoad(
    async (signal) => {
      const [item, base] = await Promise.all([
        get<PolicyVersion>(path`/policies/${props.version}`, {}, signal),
        props.active > 0 && props.active !== props.version
          ? get<PolicyVersion>(path`/policies/${props.active}`, {}, signal)
          : null,
      ]);
      return { item, base };
    },
    [props.version, props.active],
  );
  const to = path`/policies/${props.version}`;

  return (
    <Loaded load={load}>
      {({ item, base }) => (
        <>
          <Card
            title={p.versionOf(item.version)}
            actions={
              <>
                {item.state === 'draft' &&
                  can('approve_policy') &&
                  item.proposed_by_name !== me.name && (
                    <>
                      <ActButton
                        kind="primary"
                        label={p.approve}
                        act={async () => {
                          await post(`${to}/approve`);
                          load.reload();
                        }}
                      />
                      <ReasonButton
                        danger
                        label={p.reject}
                        isOptional
                        act={async (reason) => {
                          await post(`${to}/reject`, reason ? { reason } : {});
                          load.reload();
                        }}
                      />
                    </>
                  )}
                {can('manage_policy') && !isProposing && (
                  <Button onClick={() => setProposing(true)}>{p.edit}</Button>
                )}
              </>
            }
          >
            {item.state === 'draft' && (
              <Alert>{t.staff.common.otherPerson}</Alert>
            )}
            <Facts
              items={[
                [t.common.state, <StateBadge key="s" state={item.state} />],
                [p.regime, wordFor(p.regimes, item.regime)],
                [
                  p.proposedBy,
                  <Name key="p" text={item.proposed_by_name ?? '–'} />,
                ],
                [
                  p.approvedBy,
                  <Name key="a" text={item.approved_by_name ?? '–'} />,
                ],
                [p.from, <Time key="f" at={item.effective_from} />],
                [p.review, <Time key="r" at={item.review_due} />],
                item.comment
                  ? [p.comment, <Name key="c" text={item.comment} />]
                  : null,
              ]}
            />
            <Matrix document={parsed(item.document)} />
          </Card>
          {base && (
            <Card title={p.diffTo(props.active)}>
              <Changes
                changes={jsonChanges(
                  parsed(base.document),
                  parsed(item.document),
                )}
              />
            </Card>
          )}
          {isProposing ? (
            <Card title={p.propose}>
              <Propose
                document={parsed(item.document)}
                onDone={() => setProposing(false)}
              />
            </Card>
          ) : (
            <Card title={p.document}>
              <pre class="rule-text" tabIndex={0} aria-label={p.document}>
                {JSON.stringify(parsed(item.document), null, 2)}
              </pre>
            </Card>
          )}
        </>
      )}
    </Loaded>
  );
}

export function AdminPolicy(props: { version: string }) {
  const t = useT();
  const p = t.staff.admin.policy;
  const pages = usePages<PolicyVersion>('/policies');
  const active = useLoad(async (signal) => {
    const page = await get<Page<PolicyVersion>>(
      '/policies',
      { limit: 200 },
      signal,
    );
    return page.items.find((v) => v.state === 'active')?.version ?? 0;
  }, []);
  const chosen = Number(props.version) || active.data || 0;

  return (
    <>
      <Card title={p.versions}>
        <PagedTable
          pages={pages}
          caption={p.versions}
          empty={p.none}
          rowKey={(v) => v.version}
          columns={[
            {
              key: 'version',
              head: p.version,
              isHead: true,
              cell: (v) => (
                <Link
                  href={`/admin/policy/${v.version}`}
                  aria-current={v.version === chosen ? 'page' : undefined}
                >
                  {p.versionOf(v.version)}
                </Link>
              ),
            },
            {
              key: 'state',
              head: t.common.state,
              cell: (v) => <StateBadge state={v.state} />,
            },
            {
              key: 'regime',
              head: p.regime,
              cell: (v) => wordFor(p.regimes, v.regime),
            },
            {
              key: 'by',
              head: p.proposedBy,
              cell: (v) => <Name text={v.proposed_by_name ?? '–'} />,
            },
            {
              key: 'approver',
              head: p.approvedBy,
              cell: (v) => <Name text={v.approved_by_name ?? '–'} />,
            },
            {
              key: 'at',
              head: t.common.time,
              cell: (v) => <Time at={v.created_at} />,
            },
          ]}
        />
      </Card>
      {chosen > 0 && (
        <Version key={chosen} version={chosen} active={active.data ?? 0} />
      )}
    </>
  );
}

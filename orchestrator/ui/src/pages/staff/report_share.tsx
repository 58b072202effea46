// SPDX-License-Identifier: Apache-2.0
// What leaves of a report for others: preview, asked for, approved, given.
import { useEffect, useState } from 'preact/hooks';
import { download, get, getAll, path, post } from '../../api/client.js';
import {
  fileName,
  stateOf,
  type Disclosure,
  type FullDisclosure,
  type Recipient,
  type Removed,
} from '../../api/share.js';
import type { FullReport } from '../../api/staff.js';
import {
  Alert,
  Badge,
  Button,
  Card,
  Empty,
  Facts,
  Name,
  Spinner,
  Time,
} from '../../components/basic.js';
import { SelectField, TextField } from '../../components/form.js';
import { ProblemAlert, useAction, useLoad } from '../../components/load.js';
import { Table } from '../../components/table.js';
import { Tlp } from '../../components/tlp.js';
import { useT, wordFor } from '../../i18n/index.js';
import { useSession } from '../../session.js';
import { ActButton, OrMissing, ReasonButton } from './parts.js';

const FORMATS = [
  ['stix', 'STIX 2.1'],
  ['misp', 'MISP'],
  ['csv', 'CSV'],
] as const;
const CEILINGS = [
  'TLP:CLEAR',
  'TLP:GREEN',
  'TLP:AMBER',
  'TLP:AMBER+STRICT',
  'TLP:RED',
] as const;
const RENDER_MS = 700;

function NewExport(props: {
  report: FullReport;
  onDone: (id: string) => void;
}) {
  const t = useT();
  const s = t.sharing;
  const [recipient, setRecipient] = useState('');
  const [format, setFormat] = useState<string>('stix');
  const [ceiling, setCeiling] = useState('');
  const [purpose, setPurpose] = useState('');
  const load = useLoad(
    (signal) => getAll<Recipient>('/recipients', {}, signal),
    [],
  );
  const active = (load.data ?? []).filter((x) => x.is_active);
  const action = useAction(async () => {
    const made = await post<{ id: string }>(
      path`/reports/${props.report.id}/exports`,
      { recipient, format, ceiling, purpose: purpose.trim() },
    );
    setPurpose('');
    props.onDone(made.id);
  });

  if (load.data && active.length === 0)
    return <p class="hint">{s.noRecipients}</p>;
  return (
    <form
      aria-label={s.another}
      onSubmit={(event) => {
        event.preventDefault();
        void action.run();
      }}
    >
      <h3>{s.another}</h3>
      <div class="fields">
        <SelectField
          label={s.recipient}
          value={recipient}
          onChange={setRecipient}
          options={[
            ['', t.staff.case.choose],
            ...active.map(
              (x) => [x.id, `${x.name} (${wordFor(s.kinds, x.kind)})`] as const,
            ),
          ]}
        />
        <SelectField
          label={s.format}
          value={format}
          onChange={setFormat}
          options={FORMATS}
        />
        <SelectField
          label={s.ceiling}
          value={ceiling}
          onChange={setCeiling}
          options={[
            ['', s.ceilingFree],
            ...CEILINGS.map((x) => [x, x] as const),
          ]}
        />
        <TextField
          label={s.purpose}
          hint={s.purposeHint}
          value={purpose}
          onChange={setPurpose}
          required
        />
      </div>
      {action.error ? <ProblemAlert error={action.error} /> : null}
      <p class="actions">
        <Button
          type="submit"
          kind="primary"
          busy={action.isBusy}
          disabled={recipient === '' || purpose.trim() === ''}
        >
          {s.preview}
        </Button>
      </p>
    </form>
  );
}

/** What never leaves comes last: what matters is what is special here. */
const special = (x: Removed['removed'][number]) =>
  x.why === 'fields' ? (x.detail === '' ? 2 : 1) : 0;

/** What is not in it, and why: said before anybody asks for it. */
function RemovedList(props: { id: string }) {
  const t = useT();
  const s = t.sharing;
  const names: Record<string, string> = t.staff.report.sections;
  const load = useLoad(
    (signal) =>
      get<Removed>(path`/disclosures/${props.id}/removed`, {}, signal),
    [props.id],
  );

  return (
    <OrMissing load={load}>
      {(list) => (
        <>
          <Facts
            items={[
              [s.counts, `${list.samples} / ${list.runs} / ${list.indicators}`],
              ['TLP', <Tlp key="tlp" label={list.tlp} />],
            ]}
          />
          {list.samples + list.runs + list.indicators === 0 && (
            <Alert tone="warn">{s.empty}</Alert>
          )}
          {list.removed.length === 0 ? (
            <p>{s.removedNone}</p>
          ) : (
            <Table
              caption={`${s.removed} (${list.removed_count})`}
              rows={list.removed
                .map((x, i) => ({ ...x, i }))
                .sort((a, b) => special(a) - special(b) || a.i - b.i)}
              rowKey={(x) => x.i}
              columns={[
                {
                  key: 'what',
                  head: s.what,
                  isHead: true,
                  cell: (x) => wordFor(s.whats, x.what),
                },
                {
                  key: 'why',
                  head: s.why,
                  cell: (x) => wordFor(s.whys, x.why),
                },
                {
                  key: 'tlp',
                  head: 'TLP',
                  cell: (x) =>
                    x.why === 'label' ? <Tlp label={x.tlp} /> : '–',
                },
                {
                  key: 'detail',
                  head: s.detail,
                  cell: (x) => (
                    <Name
                      text={
                        x.what === 'text'
                          ? wordFor(names, x.detail)
                          : x.detail || '–'
                      }
                    />
                  ),
                },
              ]}
            />
          )}
        </>
      )}
    </OrMissing>
  );
}

function Actions(props: { item: FullDisclosure; onDone: () => void }) {
  const t = useT();
  const s = t.sharing;
  const { me, can } = useSession();
  const { item } = props;
  const to = path`/disclosures/${item.id}`;
  const state = stateOf(item);
  const mayShare = can('share_partner', 'share_community');
  const save = useAction((part: string) =>
    download('GET', `${to}/${part}`, fileName(item)),
  );
  const act = (name: string, label: string) => (
    <ActButton
      small
      kind="primary"
      label={label}
      act={async () => {
        await post(`${to}/${name}`, {});
        props.onDone();
      }}
    />
  );

  return (
    <p class="actions">
      <Button small onClick={() => void save.run('preview')}>
        {s.previewOf}
      </Button>
      {state === 'preview' &&
        mayShare &&
        act('submit', item.needs_consent ? s.askSource : s.ask)}
      {state === 'requested' &&
        can('approve_report') &&
        (item.requested_by_name === me.name ? (
          <span class="hint">{t.staff.common.otherPerson}</span>
        ) : (
          act('approve', s.approve)
        ))}
      {state === 'approved' && mayShare && act('send', s.give)}
      {state === 'sent' && (
        <Button small onClick={() => void save.run('file')}>
          {s.file}
        </Button>
      )}
      {['preview', 'requested', 'consent_pending', 'approved'].includes(
        state,
      ) &&
        (mayShare || can('approve_report')) && (
          <ReasonButton
            small
            danger
            label={s.deny}
            act={async (reason) => {
              await post(`${to}/deny`, { reason });
              props.onDone();
            }}
          />
        )}
      {save.error ? <ProblemAlert error={save.error} /> : null}
    </p>
  );
}

function One(props: { id: string; onDone: () => void }) {
  const t = useT();
  const s = t.sharing;
  const load = useLoad(
    (signal) => get<FullDisclosure>(path`/disclosures/${props.id}`, {}, signal),
    [props.id],
  );
  const isFailed =
    load.data?.job_state === 'failed' || load.data?.job_state === 'cancelled';
  const isWaiting =
    load.data !== undefined && !load.data.is_rendered && !isFailed;

  useEffect(() => {
    if (!isWaiting) return;
    const timer = window.setInterval(load.reload, RENDER_MS);
    return () => window.clearInterval(timer);
  }, [isWaiting]);

  return (
    <OrMissing load={load}>
      {(item) => (
        <div class="stack">
          {isWaiting && (
            <p role="status">
              <Spinner /> {s.rendering}
            </p>
          )}
          {isFailed && !item.is_rendered && (
            <Alert tone="bad">{s.failed}</Alert>
          )}
          {item.needs_consent && stateOf(item) === 'preview' && (
            <Alert tone="warn">{s.sourceNeeded}</Alert>
          )}
          {item.reason && (
            <Alert tone="info">
              <Name text={item.reason} />
            </Alert>
          )}
          {item.is_rendered && (
            <>
              <Actions
                item={item}
                onDone={() => {
                  load.reload();
                  props.onDone();
                }}
              />
              <RemovedList id={item.id} />
            </>
          )}
        </div>
      )}
    </OrMissing>
  );
}

/** Exports of a report that was approved or issued. */
export function ShareCard(props: { report: FullReport }) {
  const t = useT();
  const s = t.sharing;
  const { can } = useSession();
  const { report } = props;
  const [open, setOpen] = useState('');
  const load = useLoad(
    (signal) =>
      getAll<Disclosure>(path`/cases/${report.case}/disclosures`, {}, signal),
    [report.id],
  );
  const mine = (list: Disclosure[]) =>
    list.filter((d) => d.object === report.id && d.format !== '');

  return (
    <Card title={s.title}>
      <p class="hint">{s.hint}</p>
      <OrMissing load={load}>
        {(list) =>
          mine(list).length === 0 ? (
            <Empty>{s.none}</Empty>
          ) : (
            <Table
              caption={s.title}
              rows={mine(list)}
              rowKey={(d) => d.id}
              columns={[
                {
                  key: 'to',
                  head: s.recipient,
                  isHead: true,
                  cell: (d) => <Name text={d.recipient_name ?? '–'} />,
                },
                {
                  key: 'format',
                  head: s.format,
                  cell: (d) => d.format.toUpperCase(),
                },
                {
                  key: 'tlp',
                  head: s.ceiling,
                  cell: (d) => <Tlp label={d.tlp} />,
                },
                {
                  key: 'purpose',
                  head: s.purpose,
                  cell: (d) => <Name text={d.purpose} />,
                },
                {
                  key: 'state',
                  head: t.common.state,
                  cell: (d) => <Badge>{wordFor(s.states, stateOf(d))}</Badge>,
                },
                {
                  key: 'sent',
                  head: t.common.time,
                  cell: (d) => <Time at={d.sent_at} />,
                },
                {
                  key: 'act',
                  head: t.common.actions,
                  cell: (d) => (
                    <Button
                      small
                      expanded={open === d.id}
                      onClick={() => setOpen(open === d.id ? '' : d.id)}
                    >
                      {open === d.id ? s.hide : s.show}
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </OrMissing>
      {open && <One key={open} id={open} onDone={load.reload} />}
      {can('share_partner', 'share_community') && (
        <NewExport
          report={report}
          onDone={(id) => {
            setOpen(id);
            load.reload();
          }}
        />
      )}
    </Card>
  );
}

// SPDX-License-Identifier: Apache-2.0
// A case at a glance: facts that can be set, clocks, tasks, what to do next.
import { useState } from 'preact/hooks';
import { get, getAll, path, post, type Page } from '../../api/client.js';
import type {
  Clock,
  Finding,
  Handover,
  StaffCase,
  StaffMember,
  Task,
} from '../../api/staff.js';
import {
  Button,
  Card,
  Empty,
  Facts,
  ForeignText,
  Name,
  Time,
} from '../../components/basic.js';
import { Dialog } from '../../components/dialog.js';
import { SelectField, TextArea, TextField } from '../../components/form.js';
import {
  INCIDENT_FIELDS,
  IncidentFields,
  THREE_WAY,
  incidentValue,
  wordOf,
} from '../../components/incident.js';
import { Link } from '../../components/link.js';
import { ProblemAlert, useAction, useLoad } from '../../components/load.js';
import { PagesLoaded, usePages } from '../../components/pages.js';
import { Table } from '../../components/table.js';
import { ScoreBadge } from '../../components/charts/artefact_map.js';
import { useT, useWords, wordFor } from '../../i18n/index.js';
import { titleOf } from '../../logic/findings.js';
import { useSession } from '../../session.js';
import { MergeDialog, Relations, SplitDialog } from './case_move.js';
import {
  ActButton,
  Due,
  OrMissing,
  SeverityBadge,
  StateBadge,
} from './parts.js';
import { RSIT } from './rsit.js';

interface Props {
  item: StaffCase;
  reload: () => void;
}

function Clocks(props: { number: string }) {
  const t = useT();
  const load = useLoad(
    (signal) =>
      get<Page<Clock>>(path`/cases/${props.number}/clocks`, {}, signal),
    [props.number],
  );

  return (
    <Card title={t.staff.case.clocks}>
      <OrMissing load={load}>
        {(data) => (
          <Table
            caption={t.staff.case.clocks}
            rows={data.items.filter((c) => c.state !== 'none')}
            rowKey={(c) => c.name}
            columns={[
              {
                key: 'name',
                head: t.common.name,
                isHead: true,
                cell: (c) => wordFor(t.staff.words.clocks, c.name),
              },
              {
                key: 'due',
                head: t.staff.queue.due,
                cell: (c) =>
                  c.met_at ? (
                    <>
                      <Time at={c.due_at} />
                      <span class="hint block">
                        {t.staff.case.met}: <Time at={c.met_at} />
                      </span>
                    </>
                  ) : (
                    <Due at={c.due_at} isOverdue={c.state === 'overdue'} />
                  ),
              },
              {
                key: 'state',
                head: t.common.state,
                cell: (c) => <StateBadge state={c.state} />,
              },
            ]}
          />
        )}
      </OrMissing>
    </Card>
  );
}

function Tasks(props: { number: string }) {
  const t = useT();
  const c = t.staff.case;
  const { can } = useSession();
  const [text, setText] = useState('');
  const pages = usePages<Task>(path`/cases/${props.number}/tasks`);
  const add = useAction(async () => {
    await post(path`/cases/${props.number}/tasks`, { text: text.trim() });
    setText('');
    pages.reload();
  });

  return (
    <Card title={c.tasks}>
      <PagesLoaded pages={pages} empty={c.noTasks}>
        {(items) => (
          <ul class="tasks">
            {items.map((task) => (
              <li key={task.id} class={task.state}>
                <span>
                  <Name text={task.text} />
                  <span class="hint block">
                    <Time at={task.created} relative />
                    {task.assignee_name && (
                      <>
                        {' · '}
                        <Name text={task.assignee_name} />
                      </>
                    )}
                    {task.due_at && (
                      <>
                        {' · '}
                        <Due
                          at={task.due_at}
                          isOverdue={
                            task.state === 'open' &&
                            new Date(task.due_at).getTime() < Date.now()
                          }
                        />
                      </>
                    )}
                    {task.rescan != null && (
                      <>
                        {' · '}
                        <Link href={`/rules/rescans/${task.rescan}`}>
                          {c.rescan}
                        </Link>
                      </>
                    )}
                  </span>
                </span>
                {can('claim') && (
                  <ActButton
                    small
                    label={task.state === 'open' ? c.taskDone : c.taskReopen}
                    act={async () => {
                      await post(`/tasks/${task.id}`, {
                        state: task.state === 'open' ? 'done' : 'open',
                      });
                      pages.reload();
                    }}
                  />
                )}
              </li>
            ))}
          </ul>
        )}
      </PagesLoaded>
      {can('claim') && (
        <form
          class="inline-form"
          onSubmit={(event) => {
            event.preventDefault();
            void add.run();
          }}
        >
          <TextField
            label={c.newTask}
            value={text}
            onChange={setText}
            required
            maxLength={2000}
          />
          <Button type="submit" busy={add.isBusy}>
            {c.addTask}
          </Button>
          {add.error ? <ProblemAlert error={add.error} /> : null}
        </form>
      )}
    </Card>
  );
}

function HandoverDialog(props: Props & { onClose: () => void }) {
  const t = useT();
  const c = t.staff.case;
  const [to, setTo] = useState('');
  const [note, setNote] = useState('');
  const staff = useLoad(
    (signal) => getAll<StaffMember>('/staff', {}, signal),
    [],
  );
  const action = useAction(async () => {
    await post(path`/cases/${props.item.number}/handover`, { to, note });
    props.reload();
  });

  return (
    <Dialog title={c.handover} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void action.run().then((ok) => ok && props.onClose());
        }}
      >
        <OrMissing load={staff}>
          {(people) => (
            <SelectField
              label={c.handoverTo}
              value={to}
              onChange={setTo}
              options={[
                ['', c.choose],
                ...people
                  .filter((p) => p.id !== props.item.owner)
                  .map((p) => [p.id, p.name] as const),
              ]}
            />
          )}
        </OrMissing>
        <TextArea
          label={c.handoverNote}
          hint={c.handoverHint}
          value={note}
          onChange={setNote}
          required
        />
        {action.error ? <ProblemAlert error={action.error} /> : null}
        <p class="actions">
          <Button
            type="submit"
            kind="primary"
            busy={action.isBusy}
            disabled={to === '' || note.trim() === ''}
          >
            {c.handover}
          </Button>
          <Button onClick={props.onClose}>{t.common.cancel}</Button>
        </p>
      </form>
    </Dialog>
  );
}

const STAGES = ['waiting', 'declined', 'closed', 'analysing'] as const;

function StageDialog(props: Props & { onClose: () => void }) {
  const t = useT();
  const c = t.staff.case;
  const [stage, setStage] = useState<string>('waiting');
  const [reason, setReason] = useState('');
  const action = useAction(async () => {
    await post(path`/cases/${props.item.number}/stage`, {
      stage,
      reason: reason.trim(),
    });
    props.reload();
  });

  return (
    <Dialog title={c.stage} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void action.run().then((ok) => ok && props.onClose());
        }}
      >
        <SelectField
          label={c.newStage}
          value={stage}
          onChange={setStage}
          hint={stage === 'closed' ? c.closeNeeds : undefined}
          options={STAGES.filter((s) => s !== props.item.stage).map(
            (s) => [s, c.stageActs[s]] as const,
          )}
        />
        <TextArea
          label={t.common.reason}
          value={reason}
          onChange={setReason}
          required
        />
        {action.error ? <ProblemAlert error={action.error} /> : null}
        <p class="actions">
          <Button
            type="submit"
            kind="primary"
            busy={action.isBusy}
            disabled={reason.trim() === ''}
          >
            {t.common.save}
          </Button>
          <Button onClick={props.onClose}>{t.common.cancel}</Button>
        </p>
      </form>
    </Dialog>
  );
}

/** Of what people may set; the others are shown. */
const FIELDS = [
  'title',
  'severity',
  'rsit_class',
  'rsit_type',
  'root_cause_category',
  'nis2_stage',
  ...INCIDENT_FIELDS,
  'incident_context',
] as const;
type FieldName = (typeof FIELDS)[number];

function EditDialog(props: Props & { onClose: () => void }) {
  const t = useT();
  const c = t.staff.case;
  const { item } = props;
  const initial = (name: FieldName): string => {
    const value = item[name];
    if (THREE_WAY.includes(name)) return wordOf(value as boolean | null);
    return String(value ?? '');
  };
  const [values, setValues] = useState(() =>
    Object.fromEntries(FIELDS.map((name) => [name, initial(name)])),
  );
  const set = (name: FieldName) => (value: string) =>
    setValues((old) => ({ ...old, [name]: value }));
  const value = (name: FieldName) => values[name] ?? '';
  const action = useAction(async () => {
    const body: Record<string, unknown> = { version: item.version ?? 0 };
    for (const name of FIELDS)
      if (value(name) !== initial(name))
        body[name] = incidentValue(name, value(name));
    await post(path`/cases/${item.number}`, body);
    props.reload();
  });
  const words = t.staff.words;
  const choice = (table: Record<string, string>, current: string) => [
    ...(current === '' || !(current in table)
      ? [[current, current || '–'] as const]
      : []),
    ...Object.entries(table),
  ];
  const types = RSIT[value('rsit_class')] ?? [];

  return (
    <Dialog title={c.edit} onClose={props.onClose} wide>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void action.run().then((ok) => ok && props.onClose());
        }}
      >
        <TextField
          label={t.case.title}
          value={value('title')}
          onChange={set('title')}
          maxLength={400}
        />
        <div class="fields">
          <SelectField
            label={t.case.severity}
            value={value('severity')}
            onChange={set('severity')}
            options={choice(t.severities, value('severity'))}
          />
          <SelectField
            label={c.rsitClass}
            value={value('rsit_class')}
            onChange={(v) =>
              setValues((old) => ({ ...old, rsit_class: v, rsit_type: '' }))
            }
            options={[
              ...(value('rsit_class') in RSIT
                ? []
                : [[value('rsit_class'), value('rsit_class') || '–'] as const]),
              ...Object.keys(RSIT).map((k) => [k, k] as const),
            ]}
          />
          <SelectField
            label={c.rsitType}
            value={value('rsit_type')}
            onChange={set('rsit_type')}
            options={[
              ...(types.includes(value('rsit_type'))
                ? []
                : [[value('rsit_type'), value('rsit_type') || '–'] as const]),
              ...types.map((k) => [k, k] as const),
            ]}
          />
          <SelectField
            label={c.rootCause}
            value={value('root_cause_category')}
            onChange={set('root_cause_category')}
            options={choice(words.rootCauses, value('root_cause_category'))}
          />
          <SelectField
            label={c.nis2Stage}
            value={value('nis2_stage')}
            onChange={set('nis2_stage')}
            options={choice(words.nis2Stages, value('nis2_stage'))}
          />
          <IncidentFields
            value={value}
            set={set}
            isKnown={(name) => initial(name) !== 'unknown'}
          />
        </div>
        <TextArea
          label={c.context}
          value={value('incident_context')}
          onChange={set('incident_context')}
        />
        {action.error ? <ProblemAlert error={action.error} /> : null}
        <p class="actions">
          <Button type="submit" kind="primary" busy={action.isBusy}>
            {t.common.save}
          </Button>
          <Button onClick={props.onClose}>{t.common.cancel}</Button>
        </p>
      </form>
    </Dialog>
  );
}

function CaseFacts(props: Props) {
  const t = useT();
  const c = t.staff.case;
  const { me, can } = useSession();
  const { item } = props;
  const [dialog, setDialog] = useState<
    '' | 'edit' | 'stage' | 'handover' | 'merge' | 'split'
  >('');
  const words = t.staff.words;
  const close = () => setDialog('');

  return (
    <Card
      title={c.facts}
      actions={
        can('claim') && (
          <>
            <Button small onClick={() => setDialog('edit')}>
              {c.edit}
            </Button>
            <Button small onClick={() => setDialog('stage')}>
              {c.stage}
            </Button>
            {item.owner && (
              <Button small onClick={() => setDialog('handover')}>
                {c.handover}
              </Button>
            )}
            <Button small onClick={() => setDialog('merge')}>
              {t.staff.move.merge}
            </Button>
            <Button small onClick={() => setDialog('split')}>
              {t.staff.move.split}
            </Button>
            {item.owner === me.account && (
              <ActButton
                small
                label={c.unclaim}
                act={async () => {
                  await post(path`/cases/${item.number}/unclaim`);
                  props.reload();
                }}
              />
            )}
          </>
        )
      }
    >
      <Facts
        items={[
          [t.case.organisation, <Name key="o" text={item.org_name} />],
          item.class ? [c.class, item.class] : null,
          [t.case.created, <Time key="c" at={item.created} />],
          [t.case.stage, wordFor(t.stages, item.stage ?? item.state)],
          [
            t.case.severity,
            <span key="s">
              <SeverityBadge severity={item.severity} />
              {item.severity_submitter &&
                item.severity_submitter !== item.severity && (
                  <span class="hint">
                    {' '}
                    {c.severitySaid(
                      wordFor(t.severities, item.severity_submitter),
                    )}
                  </span>
                )}
            </span>,
          ],
          item.rsit_class
            ? [
                'RSIT',
                `${item.rsit_class}${item.rsit_type ? `: ${item.rsit_type}` : ''}`,
              ]
            : null,
          item.root_cause_category
            ? [c.rootCause, wordFor(words.rootCauses, item.root_cause_category)]
            : null,
          item.notification_kind
            ? [
                c.notification,
                wordFor(words.notifications, item.notification_kind),
              ]
            : null,
          item.aware_at
            ? [c.awareAt, <Time key="a" at={item.aware_at} />]
            : null,
          item.suspected_malicious != null
            ? [
                c.malicious,
                wordFor(words.yesNo, wordOf(item.suspected_malicious)),
              ]
            : null,
          item.cross_border != null
            ? [c.crossBorder, wordFor(words.yesNo, wordOf(item.cross_border))]
            : null,
          item.scope_basis
            ? [
                c.scope,
                `${wordFor(words.scopes, item.scope_basis)} ${item.scope_value ?? ''}`,
              ]
            : null,
          item.nis2_stage && item.nis2_stage !== 'none'
            ? [c.nis2Stage, wordFor(words.nis2Stages, item.nis2_stage)]
            : null,
          [t.case.files, String(item.artefacts)],
        ]}
      />
      <Relations item={item} />
      {item.incident_context && (
        <>
          <h3>{c.context}</h3>
          <ForeignText text={item.incident_context} />
        </>
      )}
      {dialog === 'merge' && <MergeDialog item={item} onClose={close} />}
      {dialog === 'split' && <SplitDialog item={item} onClose={close} />}
      {dialog === 'edit' && <EditDialog {...props} onClose={close} />}
      {dialog === 'stage' && <StageDialog {...props} onClose={close} />}
      {dialog === 'handover' && <HandoverDialog {...props} onClose={close} />}
    </Card>
  );
}

function Highlights(props: { number: string }) {
  const { t } = useWords();
  const c = t.staff.case;
  const load = useLoad(
    async (signal) => {
      const [matches, conclusions] = await Promise.all([
        get<Page<Finding>>(
          path`/cases/${props.number}/findings`,
          { type: 'match', limit: 100 },
          signal,
        ),
        get<Page<Finding>>(
          path`/cases/${props.number}/findings`,
          { type: 'finding', limit: 100 },
          signal,
        ),
      ]);
      return [...matches.items, ...conclusions.items]
        .sort((a, b) => b.score - a.score)
        .slice(0, 12);
    },
    [props.number],
  );

  return (
    <Card title={c.highlights}>
      <OrMissing load={load}>
        {(items) =>
          items.length === 0 ? (
            <Empty>{c.noFindings}</Empty>
          ) : (
            <ul class="highlights">
              {items.map((f) => (
                <li key={f.id}>
                  <ScoreBadge score={f.score} />{' '}
                  <Link href={path`/artefacts/${f.artefact}/findings`}>
                    <Name text={f.name} />
                  </Link>{' '}
                  <span class="hint">
                    <Name text={titleOf(f.detail)} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </OrMissing>
    </Card>
  );
}

function Handovers(props: { number: string }) {
  const t = useT();
  const load = useLoad(
    (signal) =>
      get<Page<Handover>>(path`/cases/${props.number}/handovers`, {}, signal),
    [props.number],
  );

  if (!load.data || load.data.items.length === 0) return null;
  return (
    <Card title={t.staff.case.handovers}>
      {load.data.items.map((h) => (
        <article key={h.id} class="message">
          <header>
            <Name text={h.from_name ?? h.by_name} /> → <Name text={h.to_name} />{' '}
            <span class="hint">
              <Time at={h.at} />
            </span>
          </header>
          <ForeignText text={h.note} />
        </article>
      ))}
    </Card>
  );
}

export function CaseOverview(props: Props) {
  return (
    <div class="two-columns">
      <div>
        <CaseFacts {...props} />
        <Highlights number={props.item.number} />
        <Handovers key={props.item.owner ?? ''} number={props.item.number} />
      </div>
      <div>
        <Clocks number={props.item.number} />
        <Tasks number={props.item.number} />
      </div>
    </div>
  );
}

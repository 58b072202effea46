// SPDX-License-Identifier: Apache-2.0
// The mode of operation: entered and left by two persons, with a reason.
import { useState } from 'preact/hooks';
import { get, post } from '../../api/client.js';
import type { ModeEntry, ModeState } from '../../api/staff.js';
import type { Mode } from '../../api/types.js';
import {
  Alert,
  Button,
  Card,
  Facts,
  Name,
  Time,
} from '../../components/basic.js';
import {
  Checkbox,
  SelectField,
  TextArea,
  TextField,
} from '../../components/form.js';
import { ProblemAlert, useAction, useLoad } from '../../components/load.js';
import { PagedTable, usePages } from '../../components/pages.js';
import { useT, wordFor } from '../../i18n/index.js';
import { inline } from '../../logic/findings.js';
import { useSession } from '../../session.js';
import { ActButton, OrMissing, StateBadge } from './parts.js';

function words(text: string): string[] {
  return text.split(/[\s,;]+/).filter(Boolean);
}

function Propose(props: { mode: Mode; onDone: () => void }) {
  const t = useT();
  const m = t.staff.admin.mode;
  const [mode, setMode] = useState<Mode>(
    props.mode === 'normal' ? 'national_incident' : 'normal',
  );
  const [isExercise, setExercise] = useState(false);
  const [reason, setReason] = useState('');
  const [plan, setPlan] = useState('');
  const [cases, setCases] = useState('');
  const [classes, setClasses] = useState('');
  const [outbound, setOutbound] = useState('');
  const action = useAction(async () => {
    await post('/mode', {
      mode,
      exercise: isExercise,
      reason: reason.trim(),
      plan_reference: plan.trim(),
      cases: words(cases),
      classes: words(classes),
      outbound: words(outbound),
    });
    props.onDone();
  });

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void action.run();
      }}
    >
      <div class="fields">
        <SelectField<Mode>
          label={m.mode}
          value={mode}
          onChange={setMode}
          options={[
            ['normal', m.modes.normal],
            ['national_incident', m.modes.national_incident],
            ['national_crisis', m.modes.national_crisis],
          ]}
        />
        <TextField
          label={m.plan}
          value={plan}
          onChange={setPlan}
          required={mode !== 'normal'}
        />
      </div>
      <Checkbox
        label={m.exercise}
        hint={m.exerciseHint}
        checked={isExercise}
        onChange={setExercise}
      />
      <TextArea
        label={t.common.reason}
        value={reason}
        onChange={setReason}
        required
      />
      {mode !== 'normal' && (
        <div class="fields">
          <TextField
            label={m.cases}
            hint={m.casesHint}
            value={cases}
            onChange={setCases}
            optional={t.common.optional}
          />
          <TextField
            label={m.classes}
            hint={m.classesHint}
            value={classes}
            onChange={setClasses}
            optional={t.common.optional}
          />
          <TextField
            label={m.outbound}
            hint={m.outboundHint}
            value={outbound}
            onChange={setOutbound}
            optional={t.common.optional}
          />
        </div>
      )}
      {action.error ? <ProblemAlert error={action.error} /> : null}
      <Button
        type="submit"
        kind="primary"
        busy={action.isBusy}
        disabled={
          reason.trim() === '' || (mode !== 'normal' && plan.trim() === '')
        }
      >
        {m.propose}
      </Button>
    </form>
  );
}

export function AdminMode() {
  const t = useT();
  const m = t.staff.admin.mode;
  const { can, reload: reloadMe } = useSession();
  const load = useLoad((signal) => get<ModeState>('/mode', {}, signal), []);
  const log = usePages<ModeEntry>('/modes');
  const reload = () => {
    load.reload();
    log.reload();
    void reloadMe();
  };

  return (
    <>
      <Card title={m.now}>
        <OrMissing load={load}>
          {(state) => (
            <>
              <Alert
                tone={
                  state.mode === 'normal'
                    ? 'good'
                    : state.mode === 'national_crisis'
                      ? 'bad'
                      : 'warn'
                }
                title={`${wordFor(m.modes, state.mode)}${state.exercise ? ` (${m.exercise})` : ''}`}
              />
              <Facts
                items={[
                  [
                    t.common.reason,
                    <Name key="r" text={state.reason || '–'} />,
                  ],
                  [m.plan, <Name key="p" text={state.plan_reference || '–'} />],
                  [m.since, <Time key="s" at={state.entered_at} />],
                ]}
              />
              {state.proposal ? (
                <Alert tone="warn" title={m.proposal}>
                  <p>
                    <strong>{wordFor(m.modes, state.proposal.mode)}</strong>{' '}
                    {state.proposal.exercise && `(${m.exercise})`}{' '}
                    <Name text={state.proposal.reason} /> ·{' '}
                    <Name text={state.proposal.plan_reference} /> ·{' '}
                    <Name text={state.proposal.proposed_by_name ?? ''} />
                  </p>
                  {(['cases', 'classes', 'outbound'] as const).map((name) =>
                    inline(state.proposal?.[name]).length > 2 ? (
                      <p key={name}>
                        {m[name]}:{' '}
                        <Name text={inline(state.proposal?.[name])} />
                      </p>
                    ) : null,
                  )}
                  {state.proposal.is_own ? (
                    <p>{t.staff.common.otherPerson}</p>
                  ) : (
                    can('approve_crisis') && (
                      <p class="actions">
                        <ActButton
                          kind="danger"
                          label={m.approve}
                          act={async () => {
                            await post('/mode/approve');
                            reload();
                          }}
                        />
                        <ActButton
                          label={m.reject}
                          act={async () => {
                            await post('/mode/reject');
                            reload();
                          }}
                        />
                      </p>
                    )
                  )}
                </Alert>
              ) : (
                can('activate_crisis') && (
                  <Propose key={state.mode} mode={state.mode} onDone={reload} />
                )
              )}
            </>
          )}
        </OrMissing>
      </Card>
      <Card title={m.effects}>
        <ol>
          {m.effectList.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ol>
      </Card>
      <Card title={m.log}>
        <PagedTable
          pages={log}
          caption={m.log}
          empty={m.noLog}
          rowKey={(e) => e.seq}
          columns={[
            {
              key: 'at',
              head: t.common.time,
              cell: (e) => <Time at={e.entered_at ?? e.proposed_at} />,
            },
            {
              key: 'mode',
              head: m.mode,
              isHead: true,
              cell: (e) => (
                <>
                  {wordFor(m.modes, e.mode)} {e.exercise && `(${m.exercise})`}
                </>
              ),
            },
            {
              key: 'state',
              head: t.common.state,
              cell: (e) => <StateBadge state={e.state} />,
            },
            {
              key: 'reason',
              head: t.common.reason,
              cell: (e) => <Name text={e.reason} />,
            },
            {
              key: 'plan',
              head: m.plan,
              cell: (e) => <Name text={e.plan_reference} />,
            },
            {
              key: 'by',
              head: t.staff.admin.policy.proposedBy,
              cell: (e) => <Name text={e.proposed_by_name} />,
            },
            {
              key: 'decided',
              head: t.staff.admin.policy.approvedBy,
              cell: (e) => <Name text={e.decided_by_name ?? '–'} />,
            },
          ]}
        />
      </Card>
    </>
  );
}

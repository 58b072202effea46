// SPDX-License-Identifier: Apache-2.0
// Small parts that several pages of the CSIRT's people share.
import '../../style/staff.css';
import '../../style/pictures.css';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import {
  Alert,
  Badge,
  Button,
  Empty,
  Name,
  Time,
  type Tone,
} from '../../components/basic.js';
import { Dialog } from '../../components/dialog.js';
import { TextArea } from '../../components/form.js';
import {
  ProblemAlert,
  isMissing,
  useAction,
  type Load,
} from '../../components/load.js';
import { Spinner } from '../../components/basic.js';
import { Table } from '../../components/table.js';
import { useT, useWords, wordFor } from '../../i18n/index.js';
import { formatRelative } from '../../lib/format.js';
import { asRecord, columnsOf, inline } from '../../logic/findings.js';

/** A time with how far away it is; what is over is said in words too. */
export function Due(props: {
  at: string | null | undefined;
  isOverdue?: boolean;
  name?: string | null;
}) {
  const { t, locale } = useWords();

  if (!props.at) return <>–</>;
  const isOver = props.isOverdue ?? new Date(props.at).getTime() < Date.now();
  return (
    <span class="due">
      <Time at={props.at} relative />
      {isOver && <Badge tone="bad">{t.staff.common.overdue}</Badge>}
      {props.name && (
        <span class="hint">{wordFor(t.staff.words.clocks, props.name)}</span>
      )}
      <span class="visually-hidden">
        {formatRelative(props.at, locale, Date.now())}
      </span>
    </span>
  );
}

const severityTones: Record<string, Tone> = {
  critical: 'bad',
  high: 'warn',
  medium: 'info',
};

export function SeverityBadge(props: { severity: string }) {
  const t = useT();
  return (
    <Badge tone={severityTones[props.severity] ?? 'neutral'}>
      {wordFor(t.severities, props.severity)}
    </Badge>
  );
}

const stateTones: Record<string, Tone> = {
  done: 'good',
  ready: 'good',
  active: 'good',
  ok: 'good',
  met: 'good',
  issued: 'good',
  approved: 'good',
  sent: 'good',
  available: 'good',
  running: 'info',
  busy: 'info',
  queued: 'info',
  analysing: 'info',
  submitted: 'info',
  tested: 'info',
  partial: 'warn',
  returned: 'warn',
  paused: 'warn',
  noisy: 'warn',
  starting: 'warn',
  draft: 'warn',
  overdue: 'bad',
  failed: 'bad',
  rejected: 'bad',
  recalled: 'bad',
  quarantined: 'bad',
  damaged: 'bad',
  missing: 'bad',
};

export function StateBadge(props: { state: string }) {
  const t = useT();
  return (
    <Badge tone={stateTones[props.state] ?? 'neutral'}>
      {wordFor(t.staff.words.states, props.state)}
    </Badge>
  );
}

const verdictTones: Record<string, Tone> = {
  malicious: 'bad',
  suspicious: 'warn',
  benign: 'good',
};

export function VerdictBadge(props: {
  value: string | null | undefined;
  isConfirmed?: boolean | undefined;
}) {
  const t = useT();

  if (!props.value) return <>–</>;
  return (
    <Badge tone={verdictTones[props.value] ?? 'neutral'}>
      {wordFor(t.staff.words.verdicts, props.value)}
      {props.isConfirmed ? ' ✓' : ''}
      {props.isConfirmed === false && (
        <span class="visually-hidden"> {t.staff.common.unconfirmed}</span>
      )}
    </Badge>
  );
}

/** A list whose route may not be there. */
export function OrMissing<T>(props: {
  load: Load<T>;
  children: (data: T) => ComponentChildren;
}) {
  const t = useT();
  const { data, error, reload } = props.load;

  if (error && isMissing(error) && data === undefined)
    return <Empty>{t.staff.common.routeMissing}</Empty>;
  return (
    <>
      {error ? <ProblemAlert error={error} retry={reload} /> : null}
      {data !== undefined ? props.children(data) : error ? null : <Spinner />}
    </>
  );
}

/** Asks for a text (why, what) before something is done. */
export function ReasonDialog(props: {
  title: string;
  label: string;
  text?: ComponentChildren;
  confirm: string;
  danger?: boolean;
  isOptional?: boolean;
  act: (reason: string) => Promise<unknown>;
  onClose: () => void;
  children?: ComponentChildren;
}) {
  const t = useT();
  const [reason, setReason] = useState('');
  const action = useAction(props.act);

  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void action.run(reason.trim()).then((ok) => ok && props.onClose());
        }}
      >
        {props.text && <p>{props.text}</p>}
        {props.children}
        <TextArea
          label={props.label}
          value={reason}
          onChange={setReason}
          rows={3}
          required={!props.isOptional}
          {...(props.isOptional ? { optional: t.common.optional } : {})}
        />
        {action.error ? <ProblemAlert error={action.error} /> : null}
        <p class="actions">
          <Button
            type="submit"
            kind={props.danger ? 'danger' : 'primary'}
            busy={action.isBusy}
            disabled={!props.isOptional && reason.trim() === ''}
          >
            {props.confirm}
          </Button>
          <Button onClick={props.onClose}>{t.common.cancel}</Button>
        </p>
      </form>
    </Dialog>
  );
}

/** A button that opens a ReasonDialog. */
export function ReasonButton(props: {
  label: string;
  title?: string;
  reasonLabel?: string;
  text?: ComponentChildren;
  danger?: boolean;
  isOptional?: boolean;
  small?: boolean;
  act: (reason: string) => Promise<unknown>;
}) {
  const t = useT();
  const [isOpen, setOpen] = useState(false);

  return (
    <>
      <Button
        onClick={() => setOpen(true)}
        small={props.small ?? false}
        kind={props.danger ? 'danger' : 'plain'}
      >
        {props.label}
      </Button>
      {isOpen && (
        <ReasonDialog
          title={props.title ?? props.label}
          label={props.reasonLabel ?? t.common.reason}
          text={props.text}
          confirm={props.label}
          danger={props.danger ?? false}
          isOptional={props.isOptional ?? false}
          act={props.act}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}

/** Does something at once and shows beside itself why it did not work. */
export function ActButton(props: {
  label: string;
  act: () => Promise<unknown>;
  kind?: 'primary' | 'plain' | 'danger';
  small?: boolean;
  disabled?: boolean;
}) {
  const action = useAction(props.act);

  return (
    <span class="act">
      <Button
        onClick={() => void action.run()}
        busy={action.isBusy}
        kind={props.kind ?? 'plain'}
        small={props.small ?? false}
        disabled={props.disabled ?? false}
      >
        {props.label}
      </Button>
      {action.error ? <ProblemAlert error={action.error} /> : null}
    </span>
  );
}

/** JSON of an analyser as what it is: text, a table, or names and values. */
export function JsonView(props: { value: unknown; caption: string }) {
  const { value } = props;

  if (Array.isArray(value)) {
    if (value.length === 0) return <>–</>;
    const names = columnsOf(value);
    if (names.length === 0) return <Name text={value.map(inline).join(', ')} />;
    return <JsonTable rows={value} caption={props.caption} names={names} />;
  }
  if (typeof value === 'object' && value !== null) {
    return (
      <dl class="facts tight">
        {Object.entries(value).map(([name, v]) => (
          <div key={name}>
            <dt>
              <code>{name}</code>
            </dt>
            <dd>
              {Array.isArray(v) && columnsOf(v).length > 0 ? (
                <JsonTable rows={v} caption={name} names={columnsOf(v)} />
              ) : (
                <Name text={inline(v)} />
              )}
            </dd>
          </div>
        ))}
      </dl>
    );
  }
  return <Name text={inline(value)} />;
}

const ROWS_AT_ONCE = 50;

function JsonTable(props: {
  rows: unknown[];
  caption: string;
  names: string[];
}) {
  const t = useT();
  const [most, setMost] = useState(ROWS_AT_ONCE);

  return (
    <div translate={false}>
      <Table
        caption={props.caption}
        rows={props.rows.slice(0, most).map((row, i) => ({ row, i }))}
        rowKey={(r) => r.i}
        columns={props.names.map((name) => ({
          key: name,
          head: name,
          numeric: typeof asRecord(props.rows[0])[name] === 'number',
          cell: (r: { row: unknown }) => (
            <Name text={inline(asRecord(r.row)[name])} />
          ),
        }))}
      />
      {props.rows.length > most && (
        <Button small onClick={() => setMost(most + 500)}>
          {t.staff.common.more} ({props.rows.length - most})
        </Button>
      )}
    </div>
  );
}

/** Somebody else must do this: said, not only refused. */
export function FourEyes(props: {
  isSelf: boolean;
  children: ComponentChildren;
}) {
  const t = useT();

  return props.isSelf ? (
    <Alert>{t.staff.common.otherPerson}</Alert>
  ) : (
    <>{props.children}</>
  );
}

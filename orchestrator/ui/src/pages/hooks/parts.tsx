// SPDX-License-Identifier: Apache-2.0
// What lists of endpoints share: how one stands, what one may do with it, and
// what it was told.
import { path, post } from '../../api/client.js';
import type { Delivery, Hook, HookSecret } from '../../api/types.js';
import {
  Alert,
  Badge,
  Button,
  CopyButton,
  Name,
  Time,
  type Tone,
} from '../../components/basic.js';
import { Dialog } from '../../components/dialog.js';
import { ProblemAlert, useAction } from '../../components/load.js';
import { PagedTable, usePages } from '../../components/pages.js';
import { useT, wordFor } from '../../i18n/index.js';

const TONES: Record<string, Tone> = {
  proposed: 'info',
  active: 'good',
  delivered: 'good',
  refused: 'bad',
  disabled: 'warn',
  failed: 'bad',
  held: 'warn',
};

export function HookState(props: { state: string }) {
  const t = useT();
  return (
    <Badge tone={TONES[props.state] ?? 'neutral'}>
      {wordFor(t.hooks.states, props.state)}
    </Badge>
  );
}

/** Whether it is well: why it stands still, or since when it fails. */
export function HookHealth(props: { hook: Hook }) {
  const t = useT();
  const { hook } = props;

  return (
    <>
      <HookState state={hook.state} />
      {hook.reason && (
        <p class="hint">
          <Name text={hook.reason} />
        </p>
      )}
      {hook.state === 'active' && hook.failing_since && (
        <p class="hint">
          {t.hooks.failing} <Time at={hook.failing_since} />
        </p>
      )}
      {hook.waiting > 0 && <p class="hint">{t.hooks.waiting(hook.waiting)}</p>}
    </>
  );
}

/** Its address and what it hears. */
export function HookAddress(props: { hook: Hook }) {
  return (
    <>
      <Name text={props.hook.url} />
      <p class="hint">{props.hook.events.split(' ').join(', ')}</p>
    </>
  );
}

export function SecretOnce(props: { made: HookSecret }) {
  const t = useT();
  const { made } = props;

  return (
    <Alert tone="good" title={t.hooks.secretTitle}>
      <p>{t.hooks.secretText}</p>
      <p class="row">
        <code class="secret" data-testid="hook-secret">
          {made.secret}
        </code>
        <CopyButton text={made.secret} what={t.hooks.secret} />
      </p>
      {made.until && (
        <p>
          {t.hooks.oldUntil} <Time at={made.until} />
        </p>
      )}
    </Alert>
  );
}

/** One thing that is done with an endpoint, and how that went. */
export function HookAct(props: {
  hook: Hook;
  verb: 'approve' | 'refuse' | 'disable' | 'rotate' | 'test' | 'retry';
  body?: Record<string, string>;
  kind?: 'primary' | 'plain' | 'danger';
  onDone: (answer: unknown) => void;
}) {
  const t = useT();
  const action = useAction(async () => {
    props.onDone(
      await post<unknown>(
        path`/hooks/${props.hook.id}/${props.verb}`,
        props.body ?? {},
      ),
    );
  });

  return (
    <>
      <Button
        small
        kind={props.kind ?? 'plain'}
        busy={action.isBusy}
        onClick={() => void action.run()}
        label={`${t.hooks.verbs[props.verb]}: ${props.hook.url}`}
      >
        {t.hooks.verbs[props.verb]}
      </Button>
      {action.error ? <ProblemAlert error={action.error} /> : null}
    </>
  );
}

/** What it was and is to be told, newest first. */
export function HookLog(props: { hook: Hook; onClose: () => void }) {
  const t = useT();
  const pages = usePages<Delivery>(path`/hooks/${props.hook.id}/deliveries`);

  return (
    <Dialog title={t.hooks.log} onClose={props.onClose} wide>
      <p>
        <Name text={props.hook.url} />
      </p>
      <PagedTable
        pages={pages}
        caption={t.hooks.log}
        empty={t.hooks.logNone}
        rowKey={(d) => d.id}
        columns={[
          {
            key: 'event',
            head: t.hooks.event,
            isHead: true,
            cell: (d) => <code>{d.event}</code>,
          },
          {
            key: 'case',
            head: t.case.number,
            cell: (d) => (d.number ? <code>{d.number}</code> : '–'),
          },
          {
            key: 'state',
            head: t.common.state,
            cell: (d) => <HookState state={d.state} />,
          },
          {
            key: 'attempts',
            head: t.hooks.attempts,
            numeric: true,
            cell: (d) => d.attempts,
          },
          {
            key: 'reason',
            head: t.common.reason,
            cell: (d) => <Name text={d.reason || '–'} />,
          },
          {
            key: 'at',
            head: t.common.time,
            cell: (d) => <Time at={d.ended_at ?? d.occurred_at} />,
          },
        ]}
      />
      <p class="actions">
        <Button onClick={pages.reload}>{t.hooks.again}</Button>
        <HookAct hook={props.hook} verb="retry" onDone={pages.reload} />
      </p>
    </Dialog>
  );
}

// SPDX-License-Identifier: Apache-2.0
// Endpoints of one's own organisation that are told what happens to its cases.
import { useState } from 'preact/hooks';
import { post } from '../api/client.js';
import type { Hook, HookSecret } from '../api/types.js';
import { Button, Time } from '../components/basic.js';
import { Dialog } from '../components/dialog.js';
import { Checkbox, Fieldset, TextField } from '../components/form.js';
import { ProblemAlert, useAction } from '../components/load.js';
import { Page, type PageProps } from '../components/page.js';
import { PagedTable, usePages } from '../components/pages.js';
import { toast } from '../components/toast.js';
import { useT } from '../i18n/index.js';
import {
  HookAct,
  HookAddress,
  HookHealth,
  HookLog,
  SecretOnce,
} from './hooks/parts.js';
import './operator.css';

const EVENTS = [
  'submission.acknowledged',
  'submission.accepted',
  'submission.deferred',
  'submission.declined',
  'report.available',
  'verdict.changed',
  'key.expiring',
] as const;

function Propose(props: {
  onClose: () => void;
  onMade: (made: HookSecret) => void;
}) {
  const t = useT();
  const [url, setUrl] = useState('');
  const [events, setEvents] = useState<readonly string[]>(EVENTS);
  const action = useAction(async () => {
    props.onMade(await post<HookSecret>('/hooks', { url: url.trim(), events }));
  });

  return (
    <Dialog title={t.hooks.add} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void action.run();
        }}
      >
        <TextField
          label={t.hooks.url}
          hint={t.hooks.urlHint}
          value={url}
          onChange={setUrl}
          type="url"
          required
          spellcheck={false}
        />
        <Fieldset legend={t.hooks.events}>
          {EVENTS.map((event) => (
            <Checkbox
              key={event}
              label={
                <>
                  {t.hooks.eventWords[event]} (<code>{event}</code>)
                </>
              }
              checked={events.includes(event)}
              onChange={(isOn) =>
                setEvents(
                  EVENTS.filter((e) =>
                    e === event ? isOn : events.includes(e),
                  ),
                )
              }
            />
          ))}
        </Fieldset>
        {action.error ? <ProblemAlert error={action.error} /> : null}
        <p class="actions">
          <Button
            type="submit"
            kind="primary"
            busy={action.isBusy}
            disabled={events.length === 0}
          >
            {t.hooks.propose}
          </Button>
        </p>
      </form>
    </Dialog>
  );
}

export default function Hooks(_: PageProps) {
  const t = useT();
  const [made, setMade] = useState<HookSecret | null>(null);
  const [isAdding, setAdding] = useState(false);
  const [shown, setShown] = useState<Hook | null>(null);
  const pages = usePages<Hook>('/hooks');
  const onMade = (secret: HookSecret) => {
    setMade(secret);
    setAdding(false);
    pages.reload();
  };

  return (
    <Page
      title={t.hooks.title}
      actions={
        <Button kind="primary" onClick={() => setAdding(true)}>
          {t.hooks.add}
        </Button>
      }
    >
      <p>{t.hooks.intro}</p>
      {made && <SecretOnce made={made} />}
      <PagedTable
        pages={pages}
        caption={t.hooks.title}
        empty={t.hooks.none}
        rowKey={(h) => h.id}
        columns={[
          {
            key: 'url',
            head: t.hooks.url,
            isHead: true,
            cell: (h) => <HookAddress hook={h} />,
          },
          {
            key: 'state',
            head: t.common.state,
            cell: (h) => <HookHealth hook={h} />,
          },
          {
            key: 'last',
            head: t.hooks.delivered,
            cell: (h) => <Time at={h.delivered_at} />,
          },
          {
            key: 'act',
            head: t.common.actions,
            cell: (h) => (
              <span class="row">
                <Button
                  small
                  onClick={() => setShown(h)}
                  label={`${t.hooks.log}: ${h.url}`}
                >
                  {t.hooks.log}
                </Button>
                {h.state === 'active' && (
                  <HookAct
                    hook={h}
                    verb="test"
                    onDone={() => {
                      toast(t.hooks.tested);
                      pages.reload();
                    }}
                  />
                )}
                <HookAct
                  hook={h}
                  verb="rotate"
                  onDone={(answer) => onMade(answer as HookSecret)}
                />
                {(h.state === 'active' || h.state === 'proposed') && (
                  <HookAct
                    hook={h}
                    verb="disable"
                    kind="danger"
                    onDone={pages.reload}
                  />
                )}
              </span>
            ),
          },
        ]}
      />
      {isAdding && <Propose onClose={() => setAdding(false)} onMade={onMade} />}
      {shown && <HookLog hook={shown} onClose={() => setShown(null)} />}
    </Page>
  );
}

// SPDX-License-Identifier: Apache-2.0
// OpenPGP keys: the service's own, to encrypt to; those of organisations, which
// two people let in.
import { useState } from 'preact/hooks';
import { getAll, path, post } from '../api/client.js';
import type { Key } from '../api/types.js';
import {
  Alert,
  Badge,
  Button,
  Card,
  CopyButton,
  Empty,
  Facts,
  Name,
  Time,
  type FormEvent,
  type Tone,
} from '../components/basic.js';
import { Dialog } from '../components/dialog.js';
import { TextArea, TextField } from '../components/form.js';
import {
  Loaded,
  ProblemAlert,
  useAction,
  useLoad,
} from '../components/load.js';
import { Page, type PageProps } from '../components/page.js';
import { Table } from '../components/table.js';
import { toast } from '../components/toast.js';
import { useT, wordFor } from '../i18n/index.js';
import { useSession } from '../session.js';
import './operator.css';

const tones: Record<string, Tone> = {
  active: 'good',
  expiring: 'warn',
  expired: 'bad',
  revoked: 'bad',
};

/** In groups of four, as people read it out. */
function Fingerprint(props: { fpr: string }) {
  return <code class="hash">{props.fpr.replace(/(.{4})(?=.)/g, '$1 ')}</code>;
}

function State(props: { item: Key }) {
  const t = useT();
  const { item } = props;

  return (
    <>
      <Badge tone={tones[item.state] ?? 'neutral'}>
        {wordFor(t.keys.states, item.state)}
      </Badge>
      {!item.verified && item.state !== 'retired' && (
        <>
          {' '}
          <Badge tone="warn">{t.keys.unverified}</Badge>
        </>
      )}
    </>
  );
}

export default function KeysPage(_: PageProps) {
  const t = useT();

  return (
    <Page title={t.keys.title}>
      <Keys />
    </Page>
  );
}

export function Keys() {
  const t = useT();
  const { can } = useSession();
  const load = useLoad((signal) => getAll<Key>('/keys', {}, signal), []);

  return (
    <Loaded load={load}>
      {(list) => (
        <>
          <Service list={list.filter((k) => k.owner === 'service')} />
          <Card title={t.keys.organisation}>
            <p class="hint">{t.keys.hint}</p>
            <Others
              list={list.filter((k) => k.owner !== 'service')}
              onDone={load.reload}
            />
          </Card>
          {can('manage_org_users', 'manage_keys') && (
            <Card title={t.keys.add}>
              <Add onDone={load.reload} />
            </Card>
          )}
        </>
      )}
    </Loaded>
  );
}

/** What to encrypt to before a file is sent by another way. */
function Service(props: { list: Key[] }) {
  const t = useT();
  const usable = props.list
    .filter((k) => k.state === 'active' || k.state === 'expiring')
    .sort((a, b) => b.made_at.localeCompare(a.made_at));
  const current = usable[0];

  return (
    <Card title={t.keys.service}>
      {current ? (
        <>
          <p class="hint">{t.keys.serviceHint}</p>
          <Facts
            items={[
              [
                t.keys.fingerprint,
                <span class="row">
                  <Fingerprint fpr={current.fpr} />
                  <CopyButton text={current.fpr} what={t.keys.fingerprint} />
                </span>,
              ],
              [t.keys.until, <Time at={current.expires_at} dateOnly />],
              [t.common.state, <State item={current} />],
            ]}
          />
          <p>
            <a href="/.well-known/openpgp-key.asc" download="openpgp-key.asc">
              {t.keys.download}
            </a>
          </p>
        </>
      ) : (
        <Alert tone="warn">{t.keys.noService}</Alert>
      )}
    </Card>
  );
}

function Others(props: { list: Key[]; onDone: () => void }) {
  const t = useT();

  if (props.list.length === 0) return <Empty>{t.keys.none}</Empty>;
  return (
    <Table
      caption={t.keys.organisation}
      rows={props.list}
      rowKey={(k) => k.id}
      columns={[
        {
          key: 'org',
          head: t.case.organisation,
          isHead: true,
          cell: (k) => <Name text={k.org_name ?? '–'} />,
        },
        {
          key: 'fpr',
          head: t.keys.fingerprint,
          cell: (k) => (
            <>
              <Fingerprint fpr={k.fpr} />
              {k.user_ids.map((name) => (
                <div key={name}>
                  <Name text={name} />
                </div>
              ))}
            </>
          ),
        },
        {
          key: 'state',
          head: t.common.state,
          cell: (k) => <State item={k} />,
        },
        {
          key: 'until',
          head: t.keys.until,
          cell: (k) => <Time at={k.expires_at} dateOnly />,
        },
        {
          key: 'verified',
          head: t.keys.verifiedBy,
          cell: (k) =>
            k.verified_at ? (
              <>
                <Name text={k.verified_by_name ?? '–'} />,{' '}
                <Time at={k.verified_at} dateOnly />
                <div class="hint">
                  <Name text={k.verified_how ?? ''} />
                </div>
              </>
            ) : (
              '–'
            ),
        },
        {
          key: 'act',
          head: t.common.actions,
          cell: (k) => <Actions item={k} onDone={props.onDone} />,
        },
      ]}
    />
  );
}

function Actions(props: { item: Key; onDone: () => void }) {
  const t = useT();
  const { me, can } = useSession();
  const { item } = props;
  const [open, setOpen] = useState<'verify' | 'retire' | null>(null);
  const isMine = item.org === me.org && can('manage_org_users');
  const isOwn = item.added_by_name === me.name;

  if (item.state === 'retired') return null;
  return (
    <div class="actions">
      {can('manage_keys') && !item.verified && !isOwn && (
        <Button small kind="primary" onClick={() => setOpen('verify')}>
          {t.keys.verify}
        </Button>
      )}
      {can('manage_keys') && !item.verified && isOwn && (
        <span class="hint">{t.keys.otherPerson}</span>
      )}
      {(can('manage_keys') || isMine) && (
        <Button small kind="danger" onClick={() => setOpen('retire')}>
          {t.keys.retire}
        </Button>
      )}
      {open === 'verify' && (
        <Verify
          item={item}
          onClose={() => setOpen(null)}
          onDone={props.onDone}
        />
      )}
      {open === 'retire' && (
        <Retire
          item={item}
          onClose={() => setOpen(null)}
          onDone={props.onDone}
        />
      )}
    </div>
  );
}

interface DialogProps {
  item: Key;
  onClose: () => void;
  onDone: () => void;
}

/** The fingerprint is typed as it was heard: comparing by eye is skipped. */
function Verify(props: DialogProps) {
  const t = useT();
  const [fpr, setFpr] = useState('');
  const [how, setHow] = useState('');
  const action = useAction(async () => {
    await post(path`/keys/${props.item.id}/verify`, {
      fpr: fpr.trim(),
      how: how.trim(),
    });
    toast(t.common.saved);
    props.onDone();
    props.onClose();
  });

  return (
    <Dialog title={t.keys.verify} onClose={props.onClose}>
      <form
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void action.run();
        }}
      >
        <p>{t.keys.verifyText}</p>
        <TextField
          label={t.keys.fingerprint}
          hint={t.keys.fingerprintHint}
          value={fpr}
          onChange={setFpr}
          spellcheck={false}
          required
        />
        <TextField
          label={t.keys.how}
          hint={t.keys.howHint}
          value={how}
          onChange={setHow}
          required
        />
        {action.error ? <ProblemAlert error={action.error} /> : null}
        <div class="actions">
          <Button type="submit" kind="primary" busy={action.isBusy}>
            {t.keys.verify}
          </Button>
          <Button onClick={props.onClose}>{t.common.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function Retire(props: DialogProps) {
  const t = useT();
  const [reason, setReason] = useState('');
  const action = useAction(async () => {
    await post(path`/keys/${props.item.id}/retire`, { reason: reason.trim() });
    toast(t.common.saved);
    props.onDone();
    props.onClose();
  });

  return (
    <Dialog title={t.keys.retire} onClose={props.onClose}>
      <form
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void action.run();
        }}
      >
        <p>{t.keys.retireText}</p>
        <TextArea
          label={t.common.reason}
          value={reason}
          onChange={setReason}
          rows={2}
          required
        />
        {action.error ? <ProblemAlert error={action.error} /> : null}
        <div class="actions">
          <Button type="submit" kind="danger" busy={action.isBusy}>
            {t.keys.retire}
          </Button>
          <Button onClick={props.onClose}>{t.common.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function Add(props: { onDone: () => void }) {
  const t = useT();
  const [key, setKey] = useState('');
  const action = useAction(async () => {
    await post('/keys', { key });
    setKey('');
    toast(t.common.saved);
    props.onDone();
  });

  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void action.run();
      }}
    >
      <TextArea
        label={t.keys.key}
        hint={t.keys.keyHint}
        value={key}
        onChange={setKey}
        rows={6}
        required
      />
      {action.error ? <ProblemAlert error={action.error} /> : null}
      <div class="actions">
        <Button type="submit" busy={action.isBusy}>
          {t.keys.add}
        </Button>
      </div>
    </form>
  );
}

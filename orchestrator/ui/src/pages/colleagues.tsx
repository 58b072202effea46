// SPDX-License-Identifier: Apache-2.0
// People and programs of one's own organisation.
import { useState } from 'preact/hooks';
import { getAll, path, post } from '../api/client.js';
import type { Account } from '../api/types.js';
import {
  Alert,
  Badge,
  Button,
  Card,
  CopyButton,
  Empty,
  Name,
} from '../components/basic.js';
import { Dialog } from '../components/dialog.js';
import {
  Checkbox,
  Fieldset,
  SelectField,
  TextField,
} from '../components/form.js';
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
import { keyDigest } from '../lib/spki.js';
import { capabilitiesOf, useSession } from '../session.js';
import { OtherIdentity } from './account/other_identity.js';
import { TakeInButton } from './account/strangers.js';
import { Tokens } from './account/tokens.js';
import './operator.css';

/** What an organisation's own people may be given. */
const OPERATOR_CAPABILITIES = ['submit', 'withdraw', 'manage_org_users'];

interface Invitation {
  token: string;
  login: string;
}

export default function Colleagues(_: PageProps) {
  const t = useT();
  const { me } = useSession();
  const [invitation, setInvitation] = useState<Invitation | null>(null);
  const [isAdding, setAdding] = useState(false);
  const [edited, setEdited] = useState<Account | null>(null);
  const load = useLoad(
    async (signal) =>
      (await getAll<Account>('/accounts', {}, signal)).filter(
        (a) => a.org === me.org,
      ),
    [me.org],
  );
  const invite = useAction(async (account: Account) => {
    setInvitation(
      await post<Invitation>(path`/accounts/${account.id}/invitation`),
    );
  });

  return (
    <Page
      title={t.colleagues.title}
      actions={
        <>
          <TakeInButton onDone={load.reload} />
          <Button kind="primary" onClick={() => setAdding(true)}>
            {t.colleagues.add}
          </Button>
        </>
      }
    >
      {invitation && <InvitationLink invitation={invitation} />}
      {invite.error ? <ProblemAlert error={invite.error} /> : null}
      <Loaded load={load}>
        {(list) => (
          <AccountTable
            list={list}
            invite={(a) => void invite.run(a)}
            edit={setEdited}
          />
        )}
      </Loaded>
      {isAdding && (
        <NewAccount
          onClose={() => setAdding(false)}
          onMade={(made) => {
            setAdding(false);
            setInvitation(made);
            load.reload();
          }}
        />
      )}
      {edited && (
        <EditAccount
          account={edited}
          onClose={() => setEdited(null)}
          onSaved={() => {
            setEdited(null);
            toast(t.common.saved);
            load.reload();
          }}
        />
      )}
    </Page>
  );
}

/** The link is for one person alone: it goes over a way that they trust. */
function InvitationLink(props: { invitation: Invitation }) {
  const t = useT();
  const link = `${window.location.origin}/invitation#${props.invitation.token}`;
  return (
    <Alert tone="good" title={t.colleagues.invitation(props.invitation.login)}>
      <p>{t.colleagues.invitationText}</p>
      <p class="row">
        <code class="secret" data-testid="invitation">
          {link}
        </code>
        <CopyButton text={link} what={t.invitation.secret} />
      </p>
    </Alert>
  );
}

function AccountTable(props: {
  list: Account[];
  invite: (account: Account) => void;
  edit: (account: Account) => void;
}) {
  const t = useT();
  const { me } = useSession();

  if (props.list.length === 0) return <Empty>{t.common.none}</Empty>;
  return (
    <Table
      caption={t.colleagues.title}
      rows={props.list}
      rowKey={(a) => a.id}
      columns={[
        {
          key: 'name',
          head: t.common.name,
          isHead: true,
          cell: (a) => (
            <>
              <Name text={a.name} />{' '}
              {a.id === me.account && (
                <Badge tone="info">{t.colleagues.you}</Badge>
              )}
              <div class="hint">
                <Name text={a.login ?? ''} />
              </div>
            </>
          ),
        },
        {
          key: 'kind',
          head: t.colleagues.kind,
          cell: (a) => wordFor(t.colleagues.kinds, a.kind),
        },
        {
          key: 'may',
          head: t.tokens.may,
          cell: (a) =>
            a.capabilities
              .split(' ')
              .filter(Boolean)
              .map((c) => wordFor(t.capabilities, c))
              .join(', ') || '–',
        },
        {
          key: 'state',
          head: t.common.state,
          cell: (a) => <AccountState account={a} />,
        },
        {
          key: 'actions',
          head: t.common.actions,
          cell: (a) =>
            a.id !== me.account && (
              <span class="actions">
                {a.kind === 'human' && a.login && a.state === 'active' && (
                  <Button
                    small
                    label={`${t.colleagues.invite}: ${a.name}`}
                    onClick={() => props.invite(a)}
                  >
                    {t.colleagues.invite}
                  </Button>
                )}
                <Button
                  small
                  label={`${t.colleagues.edit}: ${a.name}`}
                  onClick={() => props.edit(a)}
                >
                  {t.colleagues.edit}
                </Button>
              </span>
            ),
        },
      ]}
    />
  );
}

function AccountState(props: { account: Account }) {
  const t = useT();
  const { account: a } = props;

  if (a.state === 'disabled')
    return <Badge tone="bad">{t.colleagues.disabled}</Badge>;
  if (a.kind === 'service')
    return <Badge tone="good">{t.colleagues.active}</Badge>;
  if (!a.has_password && !a.has_oidc)
    return <Badge tone="warn">{t.colleagues.invited}</Badge>;
  return (
    <>
      <Badge tone="good">{t.colleagues.active}</Badge>{' '}
      {!a.has_totp && <Badge tone="warn">{t.account.totpOff}</Badge>}
    </>
  );
}

function Capabilities(props: {
  chosen: string[];
  onChange: (chosen: string[]) => void;
}) {
  const t = useT();
  const { me } = useSession();
  const held = capabilitiesOf(me);
  // Nobody gives what they do not have; what is there already stays shown.
  const offered = OPERATOR_CAPABILITIES.filter(
    (c) => held.has(c) || props.chosen.includes(c),
  );
  return (
    <Fieldset legend={t.tokens.may}>
      {offered.map((c) => (
        <Checkbox
          key={c}
          label={wordFor(t.capabilities, c)}
          checked={props.chosen.includes(c)}
          onChange={(on) =>
            props.onChange(
              on
                ? [...props.chosen, c]
                : props.chosen.filter((other) => other !== c),
            )
          }
        />
      ))}
    </Fieldset>
  );
}

function NewAccount(props: {
  onClose: () => void;
  onMade: (invitation: Invitation | null) => void;
}) {
  const t = useT();
  const [kind, setKind] = useState<'human' | 'service'>('human');
  const [name, setName] = useState('');
  const [login, setLogin] = useState('');
  const [chosen, setChosen] = useState<string[]>(['submit']);
  const make = useAction(async () => {
    const made = await post<{ id: string }>('/accounts', {
      kind,
      name: name.trim(),
      login: kind === 'human' ? login.trim() : '',
      capabilities: chosen.join(' '),
    });
    props.onMade(
      kind === 'human'
        ? await post<Invitation>(path`/accounts/${made.id}/invitation`)
        : null,
    );
  });

  return (
    <Dialog title={t.colleagues.add} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void make.run();
        }}
      >
        <SelectField
          label={t.colleagues.kind}
          hint={t.colleagues.kindHint}
          value={kind}
          options={[
            ['human', t.colleagues.kinds['human'] ?? ''],
            ['service', t.colleagues.kinds['service'] ?? ''],
          ]}
          onChange={setKind}
        />
        <TextField
          label={t.common.name}
          value={name}
          onChange={setName}
          maxLength={200}
          autocomplete="off"
          required
        />
        {kind === 'human' && (
          <TextField
            label={t.signIn.login}
            hint={t.colleagues.loginHint}
            value={login}
            onChange={setLogin}
            autocomplete="off"
            spellcheck={false}
            required
          />
        )}
        <Capabilities chosen={chosen} onChange={setChosen} />
        {make.error ? <ProblemAlert error={make.error} /> : null}
        <div class="actions">
          <Button type="submit" kind="primary" busy={make.isBusy}>
            {kind === 'human' ? t.colleagues.addAndInvite : t.colleagues.add}
          </Button>
          <Button onClick={props.onClose}>{t.common.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function EditAccount(props: {
  account: Account;
  onClose: () => void;
  onSaved: () => void;
}) {
  const t = useT();
  const { account } = props;
  const [chosen, setChosen] = useState(
    account.capabilities.split(' ').filter(Boolean),
  );
  const [isActive, setActive] = useState(account.state === 'active');
  const save = useAction(async () => {
    await post(path`/accounts/${account.id}`, {
      capabilities: chosen.join(' '),
      state: isActive ? 'active' : 'disabled',
    });
    props.onSaved();
  });

  return (
    <Dialog
      title={`${t.colleagues.edit}: ${account.name}`}
      onClose={props.onClose}
      wide={account.kind === 'service'}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <Capabilities chosen={chosen} onChange={setChosen} />
        <Checkbox
          label={t.colleagues.mayEnter}
          hint={t.colleagues.mayEnterHint}
          checked={isActive}
          onChange={setActive}
        />
        {save.error ? <ProblemAlert error={save.error} /> : null}
        <div class="actions">
          <Button type="submit" kind="primary" busy={save.isBusy}>
            {t.common.save}
          </Button>
          <Button onClick={props.onClose}>{t.common.cancel}</Button>
        </div>
      </form>
      <OtherIdentity account={account} />
      {account.kind === 'service' && (
        <>
          <hr />
          <Card title={t.colleagues.key}>
            <ClientKey account={account} />
          </Card>
          <hr />
          <Tokens
            account={account.id}
            mine={account.capabilities.split(' ').filter(Boolean)}
          />
        </>
      )}
    </Dialog>
  );
}

/** The key of the certificate that a program shows; the file stays here. */
function ClientKey(props: { account: Account }) {
  const t = useT();
  const [isBad, setBad] = useState(false);
  const [digest, setDigest] = useState('');
  const set = useAction(async (spki: string | null) => {
    await post(path`/accounts/${props.account.id}/key`, { spki });
    setDigest(spki ?? '');
    toast(spki ? t.colleagues.keySet : t.colleagues.keyRemoved);
  });

  return (
    <div class="stack">
      <p class="hint">{t.colleagues.keyText}</p>
      <label class="file-field">
        {t.colleagues.keyFile}{' '}
        <input
          type="file"
          accept=".pem,.crt,.cer,.der"
          data-testid="certificate"
          onChange={async (event) => {
            const file = event.currentTarget.files?.[0];
            if (!file || file.size > 1024 * 1024) return setBad(true);
            const spki = await keyDigest(
              new Uint8Array(await file.arrayBuffer()),
            );
            setBad(spki === null);
            if (spki) void set.run(spki);
            return undefined;
          }}
        />
      </label>
      {isBad && <p class="error">{t.colleagues.keyBad}</p>}
      {digest && (
        <p class="hint">
          SHA-256 <code>{digest}</code>
        </p>
      )}
      {set.error ? <ProblemAlert error={set.error} /> : null}
      <div class="actions">
        <Button small kind="danger" onClick={() => void set.run(null)}>
          {t.colleagues.keyRemove}
        </Button>
      </div>
    </div>
  );
}

// SPDX-License-Identifier: Apache-2.0
// Accounts of people and services: what they may do, invitations, tokens.
import { useState } from 'preact/hooks';
import { path, post } from '../../api/client.js';
import type { Organisation } from '../../api/staff.js';
import type { Account, Token } from '../../api/types.js';
import {
  Alert,
  Badge,
  Button,
  Card,
  CopyButton,
  Name,
  Time,
} from '../../components/basic.js';
import { Dialog } from '../../components/dialog.js';
import {
  Checkbox,
  Fieldset,
  SelectField,
  TextField,
} from '../../components/form.js';
import { ProblemAlert, useAction } from '../../components/load.js';
import { PagedTable, useFiltered, usePages } from '../../components/pages.js';
import { useT, wordFor } from '../../i18n/index.js';
import { useSession } from '../../session.js';
import { OtherIdentity } from '../account/other_identity.js';
import { Strangers } from '../account/strangers.js';
import { ActButton, StateBadge } from './parts.js';

const CAPABILITIES = [
  'submit',
  'withdraw',
  'manage_org_users',
  'claim',
  'analyse',
  'run_vm',
  'download_sample',
  'verdict',
  'approve_report',
  'legal_hold',
  'manage_rules',
  'approve_rules',
  'activate_rules',
  'unseal',
  'share_partner',
  'share_community',
  'manage_vm_images',
  'read_all_orgs',
  'manage_staff',
  'manage_policy',
  'approve_policy',
  'activate_crisis',
  'approve_crisis',
  'manage_keys',
  'audit_read',
  'metrics_read',
] as const;

function capabilityWords(list: string, words: Record<string, string>): string {
  return (
    list
      .split(' ')
      .filter(Boolean)
      .map((c) => wordFor(words, c))
      .join(', ') || '–'
  );
}

function AccountDialog(props: {
  before: Account | null;
  onClose: () => void;
  onDone: () => void;
}) {
  const t = useT();
  const p = t.staff.admin.people;
  const { me, can } = useSession();
  const { before } = props;
  const [name, setName] = useState(before?.name ?? '');
  const [login, setLogin] = useState(before?.login ?? '');
  const [org, setOrg] = useState(before?.org ?? me.org);
  const [kind, setKind] = useState<string>(before?.kind ?? 'human');
  const [held, setHeld] = useState(
    () => new Set((before?.capabilities ?? '').split(' ').filter(Boolean)),
  );
  const orgs = usePages<Organisation>(
    can('manage_staff') ? '/organisations' : null,
    {},
    500,
  );
  const action = useAction(async () => {
    const capabilities = [...held].join(' ');
    if (before)
      await post(path`/accounts/${before.id}`, {
        capabilities,
        ...(login !== (before.login ?? '') ? { login } : {}),
      });
    else
      await post('/accounts', {
        name: name.trim(),
        kind,
        capabilities,
        ...(login ? { login } : {}),
        ...(org ? { org } : {}),
      });
    props.onDone();
  });

  return (
    <Dialog title={before ? p.change : p.add} onClose={props.onClose} wide>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void action.run().then((ok) => ok && props.onClose());
        }}
      >
        <div class="fields">
          {!before && (
            <TextField
              label={t.common.name}
              value={name}
              onChange={setName}
              required
            />
          )}
          <TextField
            label={p.login}
            value={login}
            onChange={setLogin}
            autocomplete="off"
            optional={t.common.optional}
          />
          {!before && (
            <SelectField
              label={p.kind}
              value={kind}
              onChange={setKind}
              options={[
                ['human', p.human],
                ['service', p.service],
              ]}
            />
          )}
          {!before && orgs.items && (
            <SelectField
              label={t.case.organisation}
              value={org}
              onChange={setOrg}
              options={orgs.items.map((o) => [o.id, o.name] as const)}
            />
          )}
        </div>
        <Fieldset legend={p.capabilities}>
          <div class="fields">
            {CAPABILITIES.map((c) => (
              <Checkbox
                key={c}
                label={wordFor(p.words, c)}
                checked={held.has(c)}
                onChange={(on) => {
                  const next = new Set(held);
                  if (on) next.add(c);
                  else next.delete(c);
                  setHeld(next);
                }}
              />
            ))}
          </div>
        </Fieldset>
        {action.error ? <ProblemAlert error={action.error} /> : null}
        <p class="actions">
          <Button type="submit" kind="primary" busy={action.isBusy}>
            {t.common.save}
          </Button>
          <Button onClick={props.onClose}>{t.common.cancel}</Button>
        </p>
      </form>
      {before && before.id !== me.account && <OtherIdentity account={before} />}
    </Dialog>
  );
}

/** A secret is shown once; it is in no address and in no list. */
function SecretDialog(props: {
  title: string;
  text: string;
  secret: string;
  onClose: () => void;
}) {
  const t = useT();
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <Alert tone="warn">{props.text}</Alert>
      <p class="secret">
        <code>{props.secret}</code>{' '}
        <CopyButton text={props.secret} what={props.title} />
      </p>
      <Button onClick={props.onClose}>{t.common.close}</Button>
    </Dialog>
  );
}

function Invite(props: { account: Account }) {
  const t = useT();
  const p = t.staff.admin.people;
  const [token, setToken] = useState('');

  return (
    <>
      <ActButton
        small
        label={props.account.has_password ? p.reset : p.invite}
        act={async () => {
          const made = await post<{ token: string }>(
            path`/accounts/${props.account.id}/invitation`,
            { resets_totp: props.account.has_totp },
          );
          setToken(made.token);
        }}
      />
      {token && (
        <SecretDialog
          title={p.invitation}
          text={p.invitationText}
          secret={`${window.location.origin}/invitation#${token}`}
          onClose={() => setToken('')}
        />
      )}
    </>
  );
}

function Tokens() {
  const t = useT();
  const p = t.staff.admin.people;
  const pages = usePages<Token>('/tokens');

  return (
    <Card title={p.tokens}>
      <PagedTable
        pages={pages}
        caption={p.tokens}
        empty={p.noTokens}
        rowKey={(x) => x.id}
        columns={[
          {
            key: 'name',
            head: t.common.name,
            isHead: true,
            cell: (x) => <Name text={x.name} />,
          },
          {
            key: 'account',
            head: p.account,
            cell: (x) => <Name text={x.account_name} />,
          },
          {
            key: 'capabilities',
            head: p.capabilities,
            cell: (x) => (
              <span class="capabilities">
                {capabilityWords(x.capabilities, p.words)}
              </span>
            ),
          },
          {
            key: 'used',
            head: p.used,
            cell: (x) => <Time at={x.used} relative />,
          },
          {
            key: 'expires',
            head: p.expires,
            cell: (x) => <Time at={x.expires} />,
          },
          {
            key: 'act',
            head: t.common.actions,
            cell: (x) =>
              x.revoked ? (
                <Badge tone="bad">{p.revoked}</Badge>
              ) : (
                <ActButton
                  small
                  kind="danger"
                  label={p.revoke}
                  act={async () => {
                    await post(path`/tokens/${x.id}/revoke`);
                    pages.reload();
                  }}
                />
              ),
          },
        ]}
      />
    </Card>
  );
}

export function AdminPeople() {
  const t = useT();
  const p = t.staff.admin.people;
  const { me } = useSession();
  const [open, setOpen] = useState<Account | 'new' | null>(null);
  const pages = usePages<Account>('/accounts', {}, 200);
  const { shown, field } = useFiltered(
    pages,
    (a) => `${a.name} ${a.login ?? ''} ${a.org_name}`,
  );

  return (
    <>
      <Card
        title={t.staff.admin.tabs.people}
        actions={
          <>
            {field}
            <Button kind="primary" onClick={() => setOpen('new')}>
              {p.add}
            </Button>
          </>
        }
      >
        <PagedTable
          pages={shown}
          caption={t.staff.admin.tabs.people}
          empty={p.none}
          rowKey={(x) => x.id}
          columns={[
            {
              key: 'name',
              head: t.common.name,
              isHead: true,
              cell: (x) => (
                <>
                  <Name text={x.name} />
                  <span class="hint block">
                    <Name text={x.login ?? ''} />
                  </span>
                </>
              ),
            },
            {
              key: 'org',
              head: t.case.organisation,
              cell: (x) => <Name text={x.org_name} />,
            },
            {
              key: 'kind',
              head: p.kind,
              cell: (x) => (x.kind === 'service' ? p.service : p.human),
            },
            {
              key: 'capabilities',
              head: p.capabilities,
              cell: (x) => (
                <span class="capabilities">
                  {capabilityWords(x.capabilities, p.words)}
                </span>
              ),
            },
            {
              key: 'factors',
              head: p.signIn,
              cell: (x) => (
                <>
                  {[x.has_password && p.password, x.has_oidc && t.provider.word]
                    .filter(Boolean)
                    .join(', ') || '–'}
                  {x.has_totp ? ` + ${p.totp}` : ''}
                </>
              ),
            },
            {
              key: 'state',
              head: t.common.state,
              cell: (x) => <StateBadge state={x.state} />,
            },
            {
              key: 'act',
              head: t.common.actions,
              cell: (x) =>
                x.id === me.account ? (
                  <span class="hint">{p.yourself}</span>
                ) : (
                  <span class="actions">
                    <Button
                      small
                      onClick={() => setOpen(x)}
                      label={`${p.change}: ${x.name}`}
                    >
                      {p.change}
                    </Button>
                    {x.kind === 'human' && x.login && <Invite account={x} />}
                    <ActButton
                      small
                      kind={x.state === 'active' ? 'danger' : 'plain'}
                      label={x.state === 'active' ? p.disable : p.enable}
                      act={async () => {
                        await post(path`/accounts/${x.id}`, {
                          state: x.state === 'active' ? 'disabled' : 'active',
                        });
                        pages.reload();
                      }}
                    />
                  </span>
                ),
            },
          ]}
        />
        {open && (
          <AccountDialog
            before={open === 'new' ? null : open}
            onClose={() => setOpen(null)}
            onDone={pages.reload}
          />
        )}
      </Card>
      <Strangers onTaken={pages.reload} />
      <Tokens />
    </>
  );
}

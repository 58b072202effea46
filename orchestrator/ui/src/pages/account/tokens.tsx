// SPDX-License-Identifier: Apache-2.0
// Tokens: what programs show in the place of a person.
import { useState } from 'preact/hooks';
import { getAll, path, post } from '../../api/client.js';
import type { Token } from '../../api/types.js';
import {
  Alert,
  Badge,
  Button,
  CopyButton,
  Empty,
  Name,
  Time,
} from '../../components/basic.js';
import { Checkbox, Fieldset, TextField } from '../../components/form.js';
import {
  Loaded,
  ProblemAlert,
  useAction,
  useLoad,
} from '../../components/load.js';
import { Table } from '../../components/table.js';
import { useT, wordFor } from '../../i18n/index.js';
import { capabilitiesOf, useSession } from '../../session.js';

export function Tokens(props: { account?: string; mine?: string[] }) {
  const t = useT();
  const { me } = useSession();
  const account = props.account ?? me.account;
  const [fresh, setFresh] = useState<string | null>(null);
  const load = useLoad(
    async (signal) =>
      (await getAll<Token>('/tokens', {}, signal)).filter(
        (k) => k.account === account,
      ),
    [account],
  );
  const revoke = useAction(async (id: string) => {
    await post(path`/tokens/${id}/revoke`);
    load.reload();
  });

  return (
    <div class="stack">
      <p class="hint">{props.account ? t.tokens.textProgram : t.tokens.text}</p>
      {fresh && (
        <Alert tone="good" title={t.tokens.freshTitle}>
          <p>{t.tokens.freshText}</p>
          <p class="row">
            <code class="secret" data-testid="token">
              {fresh}
            </code>
            <CopyButton text={fresh} what={t.tokens.token} />
          </p>
        </Alert>
      )}
      <Loaded load={load}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t.tokens.none}</Empty>
          ) : (
            <TokenTable list={list} revoke={(id) => void revoke.run(id)} />
          )
        }
      </Loaded>
      {revoke.error ? <ProblemAlert error={revoke.error} /> : null}
      <NewToken
        account={props.account ?? ''}
        held={props.mine ?? [...capabilitiesOf(me)]}
        onMade={(token) => {
          setFresh(token);
          load.reload();
        }}
      />
    </div>
  );
}

function TokenTable(props: { list: Token[]; revoke: (id: string) => void }) {
  const t = useT();
  return (
    <Table
      caption={t.account.tokens}
      rows={props.list}
      rowKey={(k) => k.id}
      columns={[
        {
          key: 'name',
          head: t.common.name,
          isHead: true,
          cell: (k) => <Name text={k.name} />,
        },
        {
          key: 'may',
          head: t.tokens.may,
          cell: (k) =>
            k.capabilities
              .split(' ')
              .filter(Boolean)
              .map((c) => wordFor(t.capabilities, c))
              .join(', ') || '–',
        },
        {
          key: 'used',
          head: t.account.used,
          cell: (k) => <Time at={k.used} />,
        },
        {
          key: 'until',
          head: t.tokens.until,
          cell: (k) => <Time at={k.expires} dateOnly />,
        },
        {
          key: 'end',
          head: t.common.actions,
          cell: (k) =>
            k.revoked ? (
              <Badge>{t.tokens.revoked}</Badge>
            ) : (
              <Button
                small
                kind="danger"
                label={`${t.tokens.revoke}: ${k.name}`}
                onClick={() => props.revoke(k.id)}
              >
                {t.tokens.revoke}
              </Button>
            ),
        },
      ]}
    />
  );
}

function NewToken(props: {
  account: string;
  held: string[];
  onMade: (token: string) => void;
}) {
  const t = useT();
  const [name, setName] = useState('');
  const [days, setDays] = useState('90');
  const [chosen, setChosen] = useState<string[]>([]);
  const make = useAction(async () => {
    const made = await post<{ token: string }>('/tokens', {
      account: props.account,
      name: name.trim(),
      capabilities: chosen.join(' '),
      days: Number(days),
    });
    setName('');
    setChosen([]);
    props.onMade(made.token);
  });

  return (
    <form
      class="inset"
      onSubmit={(event) => {
        event.preventDefault();
        void make.run();
      }}
    >
      <h3>{t.tokens.new}</h3>
      <div class="field-row">
        <TextField
          label={t.common.name}
          hint={t.tokens.nameHint}
          value={name}
          onChange={setName}
          maxLength={100}
          required
        />
        <TextField
          label={t.tokens.days}
          type="number"
          min={1}
          max={366}
          value={days}
          onChange={setDays}
          required
        />
      </div>
      <Fieldset legend={t.tokens.may}>
        <div class="field-row">
          {props.held.map((c) => (
            <Checkbox
              key={c}
              label={wordFor(t.capabilities, c)}
              checked={chosen.includes(c)}
              onChange={(on) =>
                setChosen(on ? [...chosen, c] : chosen.filter((x) => x !== c))
              }
            />
          ))}
        </div>
      </Fieldset>
      {make.error ? <ProblemAlert error={make.error} /> : null}
      <div class="actions">
        <Button type="submit" busy={make.isBusy}>
          {t.tokens.make}
        </Button>
      </div>
    </form>
  );
}

// SPDX-License-Identifier: Apache-2.0
// People whom an identity provider knows, and nobody here: taken in by the code
// that they tell.  What they may do is given afterwards, as to anybody.
import { useState } from 'preact/hooks';
import { post } from '../../api/client.js';
import type { Organisation } from '../../api/staff.js';
import type { Stranger } from '../../api/types.js';
import { Button, Card, Name, Time } from '../../components/basic.js';
import { Dialog } from '../../components/dialog.js';
import { SelectField, TextField } from '../../components/form.js';
import { ProblemAlert, useAction } from '../../components/load.js';
import { PagedTable, usePages } from '../../components/pages.js';
import { toast } from '../../components/toast.js';
import { useT } from '../../i18n/index.js';
import { useSession } from '../../session.js';
import { useProviders } from '../provider.js';

/** A button, where anybody may wait at all. */
export function TakeInButton(props: { onDone: () => void }) {
  const t = useT();
  const [isOpen, setOpen] = useState(false);

  if (!useProviders().some((p) => p.takes_strangers)) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t.strangers.take}</Button>
      {isOpen && (
        <TakeIn
          code=""
          onClose={() => setOpen(false)}
          onDone={() => {
            setOpen(false);
            props.onDone();
          }}
        />
      )}
    </>
  );
}

function TakeIn(props: {
  code: string;
  onClose: () => void;
  onDone: () => void;
}) {
  const t = useT();
  const { me, can } = useSession();
  const [code, setCode] = useState(props.code);
  const [name, setName] = useState('');
  const [org, setOrg] = useState(me.org);
  const orgs = usePages<Organisation>(
    can('manage_staff') ? '/organisations' : null,
    {},
    500,
  );
  const take = useAction(async () => {
    await post('/oidc/strangers/accept', {
      code: code.trim(),
      name: name.trim(),
      org,
    });
    toast(t.strangers.taken);
    props.onDone();
  });

  return (
    <Dialog title={t.strangers.take} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void take.run();
        }}
      >
        <p>{t.strangers.text}</p>
        <TextField
          label={t.strangers.code}
          hint={t.strangers.codeHint}
          value={code}
          onChange={setCode}
          autocomplete="off"
          spellcheck={false}
          maxLength={20}
          required
        />
        <TextField
          label={t.common.name}
          value={name}
          onChange={setName}
          autocomplete="off"
          maxLength={200}
          required
        />
        {orgs.items && (
          <SelectField
            label={t.case.organisation}
            value={org}
            onChange={setOrg}
            options={orgs.items.map((o): [string, string] => [o.id, o.name])}
          />
        )}
        {take.error ? <ProblemAlert error={take.error} /> : null}
        <div class="actions">
          <Button type="submit" kind="primary" busy={take.isBusy}>
            {t.strangers.take}
          </Button>
          <Button onClick={props.onClose}>{t.common.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Everybody who waits: for those who administer all organisations. */
export function Strangers(props: { onTaken: () => void }) {
  const t = useT();
  const [chosen, setChosen] = useState<Stranger | null>(null);
  const hasAny = useProviders().some((p) => p.takes_strangers);
  const pages = usePages<Stranger>(hasAny ? '/oidc/strangers' : null, {}, 200);
  const refuse = useAction(async (stranger: Stranger) => {
    await post('/oidc/strangers/refuse', { code: stranger.code });
    pages.reload();
  });

  if (!hasAny) return null;
  return (
    <Card title={t.strangers.title}>
      {refuse.error ? <ProblemAlert error={refuse.error} /> : null}
      <PagedTable
        pages={pages}
        caption={t.strangers.title}
        empty={t.strangers.none}
        rowKey={(x) => x.id}
        columns={[
          {
            key: 'subject',
            head: t.provider.theirSubject,
            isHead: true,
            cell: (x) => <Name text={x.subject} />,
          },
          {
            key: 'issuer',
            head: t.provider.word,
            cell: (x) => <Name text={x.issuer} />,
          },
          {
            key: 'code',
            head: t.strangers.code,
            cell: (x) => <code>{x.code}</code>,
          },
          {
            key: 'used',
            head: t.strangers.came,
            cell: (x) => <Time at={x.used} />,
          },
          {
            key: 'act',
            head: t.common.actions,
            cell: (x) =>
              x.refused ? (
                <span class="hint">{t.strangers.refused}</span>
              ) : (
                <span class="actions">
                  <Button
                    small
                    label={`${t.strangers.take}: ${x.subject}`}
                    onClick={() => setChosen(x)}
                  >
                    {t.strangers.take}
                  </Button>
                  <Button
                    small
                    kind="danger"
                    label={`${t.strangers.refuse}: ${x.subject}`}
                    onClick={() => void refuse.run(x)}
                  >
                    {t.strangers.refuse}
                  </Button>
                </span>
              ),
          },
        ]}
      />
      {chosen && (
        <TakeIn
          code={chosen.code}
          onClose={() => setChosen(null)}
          onDone={() => {
            setChosen(null);
            pages.reload();
            props.onTaken();
          }}
        />
      )}
    </Card>
  );
}

// SPDX-License-Identifier: Apache-2.0
// Those outside whom the CSIRT exchanges with.
import { useState } from 'preact/hooks';
import { path, post } from '../../api/client.js';
import type { Recipient } from '../../api/share.js';
import { Badge, Button, Card, Name } from '../../components/basic.js';
import { Checkbox, SelectField, TextField } from '../../components/form.js';
import { ProblemAlert, useAction } from '../../components/load.js';
import { PagedTable, usePages } from '../../components/pages.js';
import { Tlp } from '../../components/tlp.js';
import { useT, wordFor } from '../../i18n/index.js';
import { useSession } from '../../session.js';
import { ActButton } from './parts.js';

const KINDS = [
  'community',
  'partner',
  'authority',
  'organisation',
  'individual',
] as const;
const LABELS = [
  'TLP:CLEAR',
  'TLP:GREEN',
  'TLP:AMBER',
  'TLP:AMBER+STRICT',
  'TLP:RED',
] as const;

function Register(props: { onDone: () => void }) {
  const t = useT();
  const s = t.sharing;
  const [kind, setKind] = useState<string>('partner');
  const [name, setName] = useState('');
  const [contact, setContact] = useState('');
  const [agreement, setAgreement] = useState('');
  const [most, setMost] = useState<string>('TLP:GREEN');
  const [lacksStrict, setLacksStrict] = useState(false);
  const action = useAction(async () => {
    await post('/recipients', {
      kind,
      name: name.trim(),
      contact: contact.trim(),
      agreement: agreement.trim(),
      tlp_max: most,
      lacks_strict: lacksStrict,
    });
    setName('');
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
        <SelectField
          label={s.kind}
          value={kind}
          onChange={setKind}
          options={KINDS.map((k) => [k, wordFor(s.kinds, k)] as const)}
        />
        <TextField label={s.name} value={name} onChange={setName} required />
        <SelectField
          label={s.tlpMax}
          value={most}
          onChange={setMost}
          options={LABELS.map((l) => [l, l] as const)}
        />
        <TextField
          label={s.contact}
          value={contact}
          onChange={setContact}
          optional={t.common.optional}
        />
        <TextField
          label={s.agreement}
          value={agreement}
          onChange={setAgreement}
          optional={t.common.optional}
        />
      </div>
      <Checkbox
        label={s.lacksStrict}
        checked={lacksStrict}
        onChange={setLacksStrict}
      />
      {action.error ? <ProblemAlert error={action.error} /> : null}
      <p class="actions">
        <Button
          type="submit"
          kind="primary"
          busy={action.isBusy}
          disabled={name.trim() === ''}
        >
          {s.register}
        </Button>
      </p>
    </form>
  );
}

export function AdminRecipients() {
  const t = useT();
  const s = t.sharing;
  const { can } = useSession();
  const pages = usePages<Recipient>('/recipients');

  return (
    <>
      <Card title={s.recipients}>
        <p class="hint">{s.recipientsHint}</p>
        <PagedTable
          pages={pages}
          caption={s.recipients}
          empty={s.recipientsNone}
          rowKey={(x) => x.id}
          columns={[
            {
              key: 'name',
              head: s.name,
              isHead: true,
              cell: (x) => <Name text={x.name} />,
            },
            {
              key: 'kind',
              head: s.kind,
              cell: (x) => wordFor(s.kinds, x.kind),
            },
            {
              key: 'most',
              head: s.tlpMax,
              cell: (x) => <Tlp label={x.tlp_max} />,
            },
            {
              key: 'agreement',
              head: s.agreement,
              cell: (x) => <Name text={x.agreement || '–'} />,
            },
            {
              key: 'active',
              head: t.common.state,
              cell: (x) => (
                <Badge tone={x.is_active ? 'good' : 'neutral'}>
                  {x.is_active ? s.active : s.inactive}
                </Badge>
              ),
            },
            {
              key: 'act',
              head: t.common.actions,
              cell: (x) =>
                can('manage_staff') ? (
                  <ActButton
                    small
                    label={x.is_active ? s.deactivate : s.activate}
                    act={async () => {
                      await post(path`/recipients/${x.id}`, {
                        version: x.version,
                        is_active: !x.is_active,
                      });
                      pages.reload();
                    }}
                  />
                ) : null,
            },
          ]}
        />
      </Card>
      {can('manage_staff') && (
        <Card title={s.newRecipient}>
          <Register onDone={pages.reload} />
        </Card>
      )}
    </>
  );
}

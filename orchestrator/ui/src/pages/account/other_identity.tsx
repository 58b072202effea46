// SPDX-License-Identifier: Apache-2.0
// Who somebody else is at the identity provider: said by who manages them.
import { useState } from 'preact/hooks';
import { path, post } from '../../api/client.js';
import type { Account } from '../../api/types.js';
import { Badge, Button } from '../../components/basic.js';
import { SelectField, TextField } from '../../components/form.js';
import { ProblemAlert, useAction } from '../../components/load.js';
import { toast } from '../../components/toast.js';
import { useT } from '../../i18n/index.js';
import { useProviders } from '../provider.js';

export function OtherIdentity(props: { account: Account }) {
  const t = useT();
  const providers = useProviders();
  const [name, setName] = useState('');
  const provider = providers.find((p) => p.name === name) ?? providers[0];
  const [subject, setSubject] = useState('');
  const [isLinked, setLinked] = useState(props.account.has_oidc);
  const set = useAction(async (who: string | null) => {
    await post(
      path`/accounts/${props.account.id}/oidc`,
      who === null ? {} : { subject: who, provider: provider?.name ?? '' },
    );
    setLinked(who !== null);
    setSubject('');
    toast(who === null ? t.provider.unlinked : t.provider.theirsSaved);
  });

  if (!provider || props.account.kind !== 'human') return null;
  return (
    <>
      <hr />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void set.run(subject.trim());
        }}
      >
        <h3>{t.provider.title(provider.label)}</h3>
        {isLinked && (
          <p>
            <Badge tone="good">{t.provider.isLinked}</Badge>
          </p>
        )}
        {providers.length > 1 && (
          <SelectField
            label={t.provider.word}
            value={provider.name}
            options={providers.map((p): [string, string] => [p.name, p.label])}
            onChange={setName}
          />
        )}
        <TextField
          label={t.provider.theirSubject}
          hint={t.provider.theirHint}
          value={subject}
          onChange={setSubject}
          maxLength={255}
          autocomplete="off"
          spellcheck={false}
          required
        />
        {set.error ? <ProblemAlert error={set.error} /> : null}
        <div class="actions">
          <Button type="submit" busy={set.isBusy}>
            {t.provider.linkThem}
          </Button>
          {isLinked && (
            <Button kind="danger" onClick={() => void set.run(null)}>
              {t.provider.unlink}
            </Button>
          )}
        </div>
      </form>
    </>
  );
}

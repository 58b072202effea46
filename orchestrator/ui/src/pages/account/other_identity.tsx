// SPDX-License-Identifier: Apache-2.0
// Who somebody else is at the identity provider: said by who manages them.
import { useState } from 'preact/hooks';
import { path, post } from '../../api/client.js';
import type { Account } from '../../api/types.js';
import { Badge, Button } from '../../components/basic.js';
import { TextField } from '../../components/form.js';
import { ProblemAlert, useAction } from '../../components/load.js';
import { toast } from '../../components/toast.js';
import { useT } from '../../i18n/index.js';
import { useProvider } from '../provider.js';

export function OtherIdentity(props: { account: Account }) {
  const t = useT();
  const provider = useProvider();
  const [subject, setSubject] = useState('');
  const [isLinked, setLinked] = useState(props.account.has_oidc);
  const set = useAction(async (who: string | null) => {
    await post(
      path`/accounts/${props.account.id}/oidc`,
      who === null ? {} : { subject: who },
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

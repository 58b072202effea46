// SPDX-License-Identifier: Apache-2.0
// The second factor: a code that changes, from an app, and recovery codes.
import { useState } from 'preact/hooks';
import { getAll, post } from '../../api/client.js';
import { ApiError } from '../../api/problem.js';
import type { Account } from '../../api/types.js';
import { Alert, Badge, Button, CopyButton } from '../../components/basic.js';
import { TextField } from '../../components/form.js';
import {
  Loaded,
  ProblemAlert,
  useAction,
  useLoad,
} from '../../components/load.js';
import { Qr } from '../../components/qr.js';
import { toast } from '../../components/toast.js';
import { useT } from '../../i18n/index.js';
import { navigate } from '../../router.js';
import { useSession } from '../../session.js';

interface Secret {
  secret: string;
  uri: string;
}

export function SecondFactor() {
  const { me, reload } = useSession();
  // Not everybody may list accounts: then the server says it when asked to
  // set one up.
  const load = useLoad(
    async (signal) => {
      try {
        const all = await getAll<Account>('/accounts', {}, signal);
        return all.find((a) => a.id === me.account)?.has_totp ?? false;
      } catch {
        return false;
      }
    },
    [me.account],
  );
  const [codes, setCodes] = useState<string[] | null>(null);
  const [known, setKnown] = useState<boolean | null>(null);
  const now = async (isOn: boolean) => {
    setKnown(isOn);
    if (isOn) navigate('/account', true);
    await reload();
  };

  if (codes)
    return (
      <RecoveryCodes
        codes={codes}
        onDone={() => {
          setCodes(null);
          void now(true);
        }}
      />
    );
  return (
    <Loaded load={load}>
      {(has) =>
        (known ?? has) ? (
          <Remove onDone={() => now(false)} />
        ) : (
          <SetUp onDone={setCodes} onThere={() => setKnown(true)} />
        )
      }
    </Loaded>
  );
}

function SetUp(props: {
  onDone: (codes: string[]) => void;
  onThere: () => void;
}) {
  const t = useT();
  const [secret, setSecret] = useState<Secret | null>(null);
  const [code, setCode] = useState('');
  const begin = useAction(async () => {
    try {
      setSecret(await post<Secret>('/totp'));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      props.onThere();
    }
  });
  const confirm = useAction(async () => {
    const answer = await post<{ codes: string[] }>('/totp/confirm', {
      code: code.replace(/\s/g, ''),
    });
    props.onDone(answer.codes);
  });

  if (!secret)
    return (
      <div class="stack">
        <p>
          <Badge tone="warn">{t.account.totpOff}</Badge>
        </p>
        <p>{t.account.totpText}</p>
        {begin.error ? <ProblemAlert error={begin.error} /> : null}
        <div class="actions">
          <Button
            kind="primary"
            onClick={() => void begin.run()}
            busy={begin.isBusy}
          >
            {t.account.totpBegin}
          </Button>
        </div>
      </div>
    );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void confirm.run();
      }}
    >
      <p>{t.account.totpScan}</p>
      <Qr text={secret.uri} label={t.account.totpQr} />
      <p class="hint">{t.account.totpByHand}</p>
      <p class="row">
        <code class="secret" data-testid="totp-secret">
          {secret.secret}
        </code>
        <CopyButton text={secret.secret} what={t.account.totpKey} />
      </p>
      <TextField
        label={t.signIn.code}
        hint={t.account.totpCodeHint}
        value={code}
        onChange={setCode}
        inputMode="numeric"
        autocomplete="one-time-code"
        required
      />
      {confirm.error ? <ProblemAlert error={confirm.error} /> : null}
      <div class="actions">
        <Button type="submit" kind="primary" busy={confirm.isBusy}>
          {t.account.totpConfirm}
        </Button>
        <Button onClick={() => setSecret(null)}>{t.common.cancel}</Button>
      </div>
    </form>
  );
}

/** Shown once: the server keeps only what recognises them. */
function RecoveryCodes(props: { codes: string[]; onDone: () => void }) {
  const t = useT();
  const text = props.codes.join('\n');
  return (
    <div class="stack">
      <Alert tone="warn" title={t.account.codesTitle}>
        <p>{t.account.codesText}</p>
      </Alert>
      <ul class="codes">
        {props.codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div class="actions">
        <CopyButton text={text} what={t.account.codesTitle} />
        <Button kind="primary" onClick={props.onDone}>
          {t.account.codesDone}
        </Button>
      </div>
    </div>
  );
}

function Remove(props: { onDone: () => Promise<void> }) {
  const t = useT();
  const [code, setCode] = useState('');
  const remove = useAction(async () => {
    await post('/totp/remove', { code: code.replace(/\s/g, '') });
    toast(t.account.totpRemoved);
    await props.onDone();
  });

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void remove.run();
      }}
    >
      <p>
        <Badge tone="good">{t.account.totpOn}</Badge>
      </p>
      <p>{t.account.totpRemoveText}</p>
      <TextField
        label={t.signIn.code}
        value={code}
        onChange={setCode}
        autocomplete="one-time-code"
        required
      />
      {remove.error ? <ProblemAlert error={remove.error} /> : null}
      <div class="actions">
        <Button type="submit" kind="danger" busy={remove.isBusy}>
          {t.account.totpRemove}
        </Button>
      </div>
    </form>
  );
}

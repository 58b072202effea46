// SPDX-License-Identifier: Apache-2.0
// Back from the identity provider, and a code of the second factor is missing.
import { useState } from 'preact/hooks';
import { post } from '../api/client.js';
import { ApiError } from '../api/problem.js';
import { Alert, Button } from '../components/basic.js';
import { TextField } from '../components/form.js';
import { problemText, useAction } from '../components/load.js';
import { useT } from '../i18n/index.js';
import { navigate, useLocation } from '../router.js';
import { Doorstep } from './signin.js';

export function SignInCode(props: { onSignedIn: () => Promise<void> }) {
  const t = useT();
  const { query } = useLocation();
  const [code, setCode] = useState('');
  const send = useAction(async () => {
    await post(
      '/oidc/code',
      { code: code.replace(/\s/g, '') },
      { isSigningIn: true },
    );
    navigate('/', true);
    // A path of ours only: navigate() takes no other.
    navigate(query.get('to') ?? '/', true);
    await props.onSignedIn();
  });
  const { error } = send;
  const isRefused = error instanceof ApiError && error.status === 401;

  return (
    <Doorstep title={t.signIn.title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send.run();
        }}
      >
        {error ? (
          <Alert
            tone="bad"
            title={isRefused ? t.provider.codeRefused : problemText(error, t)}
          />
        ) : null}
        <TextField
          label={t.signIn.code}
          hint={t.signIn.codeHint}
          value={code}
          onChange={setCode}
          autocomplete="one-time-code"
          spellcheck={false}
          required
        />
        <div class="actions">
          <Button type="submit" kind="primary" busy={send.isBusy}>
            {t.signIn.submit}
          </Button>
          <Button kind="quiet" onClick={() => navigate('/', true)}>
            {t.signIn.otherAccount}
          </Button>
        </div>
      </form>
    </Doorstep>
  );
}

// SPDX-License-Identifier: Apache-2.0
// The link of an invitation: /invitation#loepinv_...  The secret stands behind
// the "#", so that no server's log gets it.
import { useEffect, useState } from 'preact/hooks';
import { post } from '../api/client.js';
import { ApiError } from '../api/problem.js';
import { Alert, Button } from '../components/basic.js';
import { TextField } from '../components/form.js';
import { problemText, useAction } from '../components/load.js';
import { useT } from '../i18n/index.js';
import { navigate } from '../router.js';
import { useProviders } from './provider.js';
import { Doorstep } from './signin.js';

export function AcceptInvitation() {
  const t = useT();
  const [invitation, setInvitation] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [login, setLogin] = useState('');
  const [isDifferent, setDifferent] = useState(false);
  const accept = useAction(async () => {
    const answer = await post<{ login: string }>(
      '/invitations/accept',
      { invitation: invitation.trim(), password },
      { isSigningIn: true },
    );
    setLogin(answer.login);
  });
  const providers = useProviders();
  const leave = useAction(async (provider: string) => {
    const answer = await post<{ url: string }>(
      '/invitations/oidc',
      { invitation: invitation.trim(), provider },
      { isSigningIn: true },
    );
    window.location.assign(answer.url);
  });

  useEffect(() => {
    const secret = window.location.hash.slice(1);

    if (!secret) return;
    setInvitation(secret);
    window.history.replaceState(null, '', '/invitation');
  }, []);
  if (login)
    return (
      <Doorstep title={t.invitation.doneTitle}>
        <Alert tone="good">
          <p>{t.invitation.done(login)}</p>
        </Alert>
        <div class="actions">
          <Button kind="primary" onClick={() => navigate('/')}>
            {t.signIn.title}
          </Button>
        </div>
      </Doorstep>
    );
  const error = accept.error ?? leave.error;
  const isRefused = error instanceof ApiError && error.status === 401;
  const isWeak = error instanceof ApiError && error.status === 400;

  return (
    <Doorstep title={t.invitation.title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setDifferent(password !== again);
          if (password === again) void accept.run();
        }}
      >
        {error ? (
          <Alert
            tone="bad"
            title={
              isRefused
                ? t.invitation.refused
                : isWeak
                  ? t.invitation.weak
                  : problemText(error, t)
            }
          />
        ) : null}
        <p>{t.invitation.text}</p>
        <TextField
          label={t.invitation.secret}
          value={invitation}
          onChange={setInvitation}
          autocomplete="off"
          spellcheck={false}
          required
        />
        <TextField
          label={t.invitation.password}
          hint={t.invitation.passwordHint}
          type="password"
          value={password}
          onChange={setPassword}
          autocomplete="new-password"
          minLength={12}
          required
        />
        <TextField
          label={t.invitation.again}
          type="password"
          value={again}
          onChange={setAgain}
          autocomplete="new-password"
          error={isDifferent ? t.invitation.different : undefined}
          required
        />
        <div class="actions">
          <Button type="submit" kind="primary" busy={accept.isBusy}>
            {t.invitation.submit}
          </Button>
        </div>
      </form>
      {providers.length > 0 && (
        <div class="provider">
          <p class="or">{t.provider.or}</p>
          {providers.map((provider) => (
            <Button
              key={provider.name}
              onClick={() => void leave.run(provider.name)}
              busy={leave.isBusy}
              disabled={!invitation.trim()}
            >
              {t.provider.invited(provider.label)}
            </Button>
          ))}
        </div>
      )}
    </Doorstep>
  );
}

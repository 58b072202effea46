// SPDX-License-Identifier: Apache-2.0
// One's own account: language and mail, password, second factor, sessions,
// tokens for programs.
import { useState } from 'preact/hooks';
import { post } from '../api/client.js';
import {
  Alert,
  Button,
  Card,
  Facts,
  Name,
  type FormEvent,
} from '../components/basic.js';
import { SelectField, TextField } from '../components/form.js';
import { isMissing, ProblemAlert, useAction } from '../components/load.js';
import { Page, type PageProps } from '../components/page.js';
import { toast } from '../components/toast.js';
import { languages, useWords, type Language } from '../i18n/index.js';
import { useSession } from '../session.js';
import { Identity } from './account/identity.js';
import { Sessions } from './account/sessions.js';
import { Tokens } from './account/tokens.js';
import { SecondFactor } from './account/totp.js';
import './operator.css';

export default function AccountPage({ query }: PageProps) {
  const { t } = useWords();
  const { me, signOut } = useSession();
  const isPerson = me.via === 'session';

  return (
    <Page
      title={t.account.title}
      actions={
        isPerson && (
          <>
            <Button onClick={() => void signOut(false)}>
              {t.layout.signOut}
            </Button>
            <Button kind="danger" onClick={() => void signOut(true)}>
              {t.account.signOutEverywhere}
            </Button>
          </>
        )
      }
    >
      {query.get('setup') && (
        <Alert tone="warn" title={t.account.setupTitle}>
          <p>{t.account.setupText}</p>
        </Alert>
      )}
      <div class="columns even">
        <div class="stack">
          <Card title={t.account.who}>
            <div class="stack">
              <Facts
                items={[
                  [t.account.name, <Name text={me.name} />],
                  !!me.org_name && [
                    t.case.organisation,
                    <Name text={me.org_name} />,
                  ],
                ]}
              />
              <Preferences />
            </div>
          </Card>
          <Card title={t.account.passwordTitle}>
            <Password />
          </Card>
        </div>
        <div class="stack">
          <Card title={t.account.totpTitle}>
            <SecondFactor />
          </Card>
          {isPerson && <Identity />}
        </div>
      </div>
      <Card title={t.account.sessions}>
        <Sessions />
      </Card>
      <Card title={t.account.tokens}>
        <Tokens />
      </Card>
    </Page>
  );
}

function Preferences() {
  const { t, language, setLanguage } = useWords();
  const { me, reload } = useSession();
  const [mail, setMail] = useState(me.mail ?? '');
  const [chosen, setChosen] = useState<Language>(language);
  const save = useAction(async () => {
    setLanguage(chosen);
    try {
      await post('/account', {
        language: chosen,
        ...(mail.trim() === (me.mail ?? '') ? {} : { mail: mail.trim() }),
      });
    } catch (error) {
      // A server that keeps neither: this browser keeps the language.
      if (!isMissing(error)) throw error;
    }
    await reload();
    toast(t.common.saved);
  });

  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void save.run();
      }}
    >
      <SelectField
        label={t.layout.language}
        value={chosen}
        options={Object.entries(languages) as [Language, string][]}
        onChange={setChosen}
      />
      <TextField
        label={t.account.mail}
        optional={t.common.optional}
        hint={t.account.mailHint}
        type="email"
        autocomplete="email"
        value={mail}
        onChange={setMail}
      />
      {save.error ? <ProblemAlert error={save.error} /> : null}
      <div class="actions">
        <Button type="submit" busy={save.isBusy}>
          {t.common.save}
        </Button>
      </div>
    </form>
  );
}

function Password() {
  const { t } = useWords();
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const [again, setAgain] = useState('');
  const [isDifferent, setDifferent] = useState(false);
  const save = useAction(async () => {
    await post('/password', { old, new: fresh });
    setOld('');
    setFresh('');
    setAgain('');
    toast(t.account.passwordDone);
  });

  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        setDifferent(fresh !== again);
        if (fresh === again) void save.run();
      }}
    >
      <TextField
        label={t.account.passwordOld}
        type="password"
        autocomplete="current-password"
        value={old}
        onChange={setOld}
        required
      />
      <TextField
        label={t.invitation.password}
        hint={t.invitation.passwordHint}
        type="password"
        autocomplete="new-password"
        value={fresh}
        onChange={setFresh}
        minLength={12}
        required
      />
      <TextField
        label={t.invitation.again}
        type="password"
        autocomplete="new-password"
        value={again}
        onChange={setAgain}
        error={isDifferent ? t.invitation.different : undefined}
        required
      />
      {save.error ? <ProblemAlert error={save.error} /> : null}
      <div class="actions">
        <Button type="submit" busy={save.isBusy}>
          {t.account.passwordSave}
        </Button>
      </div>
    </form>
  );
}

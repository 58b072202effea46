// SPDX-License-Identifier: Apache-2.0
// Who one is at the identity provider: linked with a code of the second
// factor, so that nobody at an open browser can add themselves.
import { useState } from 'preact/hooks';
import { get, post, type Page as ListPage } from '../../api/client.js';
import type { IdentityLink, Provider } from '../../api/types.js';
import {
  Badge,
  Button,
  Card,
  Facts,
  Name,
  Time,
} from '../../components/basic.js';
import { TextField } from '../../components/form.js';
import {
  Loaded,
  ProblemAlert,
  useAction,
  useLoad,
} from '../../components/load.js';
import { toast } from '../../components/toast.js';
import { useT } from '../../i18n/index.js';
import { useProviders } from '../provider.js';

export function Identity() {
  const t = useT();
  const providers = useProviders();

  return (
    <>
      {providers.map((provider) => (
        <Card key={provider.name} title={t.provider.title(provider.label)}>
          <Links provider={provider} />
        </Card>
      ))}
    </>
  );
}

function Links(props: { provider: Provider }) {
  const load = useLoad(
    (signal) => get<ListPage<IdentityLink>>('/oidc/links', {}, signal),
    [],
  );

  return (
    <Loaded load={load}>
      {(page) => {
        const link = page.items.find((l) => l.issuer === props.provider.issuer);

        return link ? (
          <Linked link={link} onDone={load.reload} />
        ) : (
          <NotLinked provider={props.provider} />
        );
      }}
    </Loaded>
  );
}

function NotLinked(props: { provider: Provider }) {
  const t = useT();
  const begin = useAction(async (code: string) => {
    const answer = await post<{ url: string }>('/oidc/link', {
      code,
      provider: props.provider.name,
    });

    window.location.assign(answer.url);
  });

  return (
    <CodeForm
      text={t.provider.linkText}
      submit={t.provider.link(props.provider.label)}
      action={begin}
    />
  );
}

function Linked(props: { link: IdentityLink; onDone: () => void }) {
  const t = useT();
  const remove = useAction(async () => {
    await post('/oidc/unlink', { issuer: props.link.issuer });
    toast(t.provider.unlinked);
    props.onDone();
  });

  return (
    <div class="stack">
      <p>
        <Badge tone="good">{t.provider.isLinked}</Badge>
      </p>
      <Facts
        items={[
          [t.provider.subject, <Name text={props.link.subject} />],
          [t.account.since, <Time at={props.link.created} />],
          [t.account.used, <Time at={props.link.used} />],
        ]}
      />
      <p>{t.provider.unlinkText}</p>
      {remove.error ? <ProblemAlert error={remove.error} /> : null}
      <div class="actions">
        <Button onClick={() => void remove.run()} busy={remove.isBusy}>
          {t.provider.unlink}
        </Button>
      </div>
    </div>
  );
}

function CodeForm(props: {
  text: string;
  submit: string;
  action: {
    run: (code: string) => Promise<unknown>;
    error: unknown;
    isBusy: boolean;
  };
}) {
  const t = useT();
  const [code, setCode] = useState('');

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void props.action.run(code.replace(/\s/g, ''));
      }}
    >
      <p>{props.text}</p>
      <TextField
        label={t.provider.code}
        value={code}
        onChange={setCode}
        autocomplete="one-time-code"
        spellcheck={false}
        required
      />
      {props.action.error ? <ProblemAlert error={props.action.error} /> : null}
      <div class="actions">
        <Button type="submit" busy={props.action.isBusy}>
          {props.submit}
        </Button>
      </div>
    </form>
  );
}

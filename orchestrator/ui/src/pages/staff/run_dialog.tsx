// SPDX-License-Identifier: Apache-2.0
// Asks for a run in a virtual machine, or the same again with other options.
import { useState } from 'preact/hooks';
import { get, path, post, type Page } from '../../api/client.js';
import type { Profile } from '../../api/staff.js';
import { Alert, Button, Name } from '../../components/basic.js';
import { Dialog } from '../../components/dialog.js';
import { SelectField, TextArea, TextField } from '../../components/form.js';
import { ProblemAlert, useAction, useLoad } from '../../components/load.js';
import { useT } from '../../i18n/index.js';
import { asList, asRecord, asText } from '../../logic/findings.js';
import { navigate } from '../../router.js';

export interface RunTarget {
  id: string;
  name: string;
  pap: string;
}

/** One argument a line; empty lines are none. */
function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** NAME=value a line. */
function variables(text: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const line of lines(text)) {
    const at = line.indexOf('=');
    if (at > 0) out[line.slice(0, at)] = line.slice(at + 1);
  }
  return out;
}

export function RunDialog(props: {
  artefact: RunTarget;
  /** of the run that is to be repeated */
  before?: unknown;
  onClose: () => void;
}) {
  const t = useT();
  const r = t.staff.run;
  const before = asRecord(props.before);
  const [profile, setProfile] = useState(asText(before['profile']));
  const [seconds, setSeconds] = useState(asText(before['seconds']) || '60');
  const [network, setNetwork] = useState(
    asText(before['network']) || 'simulated',
  );
  const [args, setArgs] = useState(
    asList(before['args']).map(asText).join('\n'),
  );
  const [env, setEnv] = useState(
    Object.entries(asRecord(before['env']))
      .map(([name, value]) => `${name}=${asText(value)}`)
      .join('\n'),
  );
  const [password, setPassword] = useState(asText(before['password']));
  const profiles = useLoad(
    (signal) => get<Page<Profile>>('/vm/profiles', {}, signal),
    [],
  );
  const action = useAction(async () => {
    const made = await post<{ id: string }>(
      path`/artefacts/${props.artefact.id}/runs`,
      {
        profile,
        seconds: Number(seconds),
        network,
        ...(lines(args).length > 0 ? { args: lines(args) } : {}),
        ...(Object.keys(variables(env)).length > 0
          ? { env: variables(env) }
          : {}),
        ...(password ? { password } : {}),
      },
    );
    navigate(path`/runs/${made.id}`);
  });

  return (
    <Dialog title={r.newRun} onClose={props.onClose} wide>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void action.run();
        }}
      >
        <p>
          <Name text={props.artefact.name} />
        </p>
        <div class="fields">
          <SelectField
            label={r.profile}
            value={profile}
            onChange={setProfile}
            options={[
              ['', r.automatic],
              ...(profiles.data?.items ?? []).map(
                (p) =>
                  [
                    p.name,
                    asText(asRecord(p.manifest)['title']) || p.name,
                  ] as const,
              ),
              ...(profile !== '' &&
              !profiles.data?.items.some((p) => p.name === profile)
                ? [[profile, profile] as const]
                : []),
            ]}
          />
          <SelectField
            label={r.network}
            value={network}
            onChange={setNetwork}
            options={[
              ['simulated', r.networks.simulated],
              ['none', r.networks.none],
            ]}
          />
          <TextField
            label={r.seconds}
            type="number"
            min={1}
            max={3600}
            value={seconds}
            onChange={setSeconds}
            required
          />
        </div>
        <TextArea
          label={r.args}
          hint={r.argsHint}
          value={args}
          onChange={setArgs}
          rows={3}
          optional={t.common.optional}
        />
        <TextArea
          label={r.env}
          hint={r.envHint}
          value={env}
          onChange={setEnv}
          rows={2}
          optional={t.common.optional}
        />
        <TextField
          label={r.password}
          value={password}
          onChange={setPassword}
          optional={t.common.optional}
          autocomplete="off"
        />
        <Alert>{r.noEgress(props.artefact.pap)}</Alert>
        {action.error ? <ProblemAlert error={action.error} /> : null}
        <p class="actions">
          <Button type="submit" kind="primary" busy={action.isBusy}>
            {r.start}
          </Button>
          <Button onClick={props.onClose}>{t.common.cancel}</Button>
        </p>
      </form>
    </Dialog>
  );
}

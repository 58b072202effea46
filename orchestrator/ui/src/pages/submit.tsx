// SPDX-License-Identifier: Apache-2.0
// Handing something in: what happened, how it may be used, the files.  The
// number is there at once; the files follow.
import { useMemo, useState } from 'preact/hooks';
import { get, path, post } from '../api/client.js';
import type { Case, Pap, Severity, Tlp } from '../api/types.js';
import {
  Alert,
  Button,
  Card,
  Details as Disclosed,
  type FormEvent,
} from '../components/basic.js';
import { ChosenList, DropZone } from '../components/files.js';
import {
  Checkbox,
  Fieldset,
  SelectField,
  TextArea,
  TextField,
} from '../components/form.js';
import {
  INCIDENT_FIELDS,
  IncidentFields,
  incidentValue,
  type IncidentField,
} from '../components/incident.js';
import { PapField, TlpField } from '../components/labels.js';
import { ProblemAlert, useAction } from '../components/load.js';
import { Page, type PageProps } from '../components/page.js';
import { toast } from '../components/toast.js';
import { useT } from '../i18n/index.js';
import { fromLocalField, toLocalField } from '../lib/format.js';
import { addUploads, type ChosenFile } from '../lib/uploads.js';
import { navigate } from '../router.js';
import './operator.css';

/** What holds for the files of one submission. */
export interface Declared {
  hasPersonalData: boolean;
  mayAskOthers: boolean;
  mayUseNetwork: boolean;
}

type SetDeclared = (name: keyof Declared, value: boolean) => void;

export function declaredBody(d: Declared): Record<string, unknown> {
  return {
    not_classified: true,
    personal_data: d.hasPersonalData,
    third_party_ok: d.mayAskOthers,
    network_ok: d.mayUseNetwork,
  };
}

export interface Details extends Declared {
  title: string;
  severity: Severity;
  tlp: Tlp;
  pap: Pap;
  context: string;
  isConfirmed: boolean;
  kind: string;
  origin: string;
  host: string;
  passwords: string;
  isUnclassified: boolean;
  /** ISO 8601, or '' */
  collected: string;
  incident: Partial<Record<IncidentField, string>>;
}

const empty: Details = {
  title: '',
  severity: 'unknown',
  tlp: 'TLP:AMBER+STRICT',
  pap: 'PAP:RED',
  context: '',
  isConfirmed: false,
  kind: 'file',
  origin: '',
  host: '',
  passwords: '',
  isUnclassified: false,
  hasPersonalData: false,
  mayAskOthers: false,
  mayUseNetwork: false,
  collected: '',
  incident: {},
};

/** What happened belongs to the case, too; the number counts without it. */
async function describe(number: string, d: Details): Promise<boolean> {
  try {
    const row = await get<Case>(path`/cases/${number}`);
    const body: Record<string, unknown> = {
      version: row.version ?? 0,
      incident_context: d.context.trim(),
    };
    for (const name of INCIDENT_FIELDS) {
      const value = incidentValue(name, d.incident[name] ?? '');
      if (value !== '' && value !== undefined) body[name] = value;
    }
    await post(path`/cases/${number}`, body);
    return true;
  } catch {
    return false;
  }
}

type Set = <K extends keyof Details>(key: K, value: Details[K]) => void;

/** What a submission is made of. */
export function submissionBody(d: Details): Record<string, unknown> {
  return {
    kind: d.kind,
    origin: d.origin,
    comment: d.context,
    source_host: d.host,
    passwords: d.passwords
      .split('\n')
      .map((p) => p.trim())
      .filter(Boolean),
    ...declaredBody(d),
    ...(d.collected ? { collected: d.collected } : {}),
  };
}

export default function Submit(_: PageProps) {
  const t = useT();
  const [d, setDetails] = useState(empty);
  const [files, setFiles] = useState<ChosenFile[]>([]);
  const [isNone, setNone] = useState(false);
  // The same press twice, or a repeat after a cut, is one case; what was
  // changed in between is another request.
  const caseKey = useMemo(
    () => crypto.randomUUID(),
    [d.title, d.severity, d.tlp, d.pap],
  );
  const filesKey = useMemo(() => crypto.randomUUID(), [d]);
  const set: Set = (name, value) =>
    setDetails((old) => ({ ...old, [name]: value }));
  const send = useAction(async () => {
    const { number } = await post<{ number: string }>(
      '/cases',
      { title: d.title.trim(), severity: d.severity, tlp: d.tlp, pap: d.pap },
      { headers: { 'Idempotency-Key': caseKey } },
    );
    const isDescribed = await describe(number, d);
    const submission = await post<{ id: string }>(
      path`/cases/${number}/submissions`,
      {
        ...submissionBody(d),
        comment: `${d.isConfirmed ? t.submit.confirmed : t.submit.suspected}: ${d.context.trim()}`,
      },
      { headers: { 'Idempotency-Key': filesKey } },
    );
    addUploads(number, submission.id, files);
    if (!isDescribed) toast(t.submit.notKept);
    navigate(`/cases/${encodeURIComponent(number)}?new=1`);
  });
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    setNone(files.length === 0);
    if (files.length > 0) void send.run();
  };

  return (
    <Page title={t.submit.title} above={[['/', t.nav.home]]}>
      <p class="lead">{t.submit.lead}</p>
      <form onSubmit={onSubmit}>
        <Card title={t.submit.files}>
          <DropZone
            label={t.files.drop}
            onFiles={(more) => {
              setNone(false);
              setFiles((old) => [...old, ...more]);
            }}
          />
          <ChosenList files={files} onChange={setFiles} />
          {isNone && (
            <p class="error" role="alert">
              {t.submit.noFiles}
            </p>
          )}
        </Card>
        <Card title={t.submit.what}>
          <div class="stack">
            <What d={d} set={set} />
          </div>
        </Card>
        <Card title={t.submit.how}>
          <div class="stack">
            <How d={d} set={set} />
          </div>
        </Card>
        {send.error ? <ProblemAlert error={send.error} /> : null}
        <div class="actions">
          <Button type="submit" kind="primary" busy={send.isBusy}>
            {t.submit.submit}
          </Button>
          <span class="hint">{t.submit.submitHint}</span>
        </div>
      </form>
    </Page>
  );
}

function What(props: { d: Details; set: Set }) {
  const t = useT();
  const { d, set } = props;
  return (
    <>
      <TextField
        label={t.submit.caseTitle}
        hint={t.submit.caseTitleHint}
        value={d.title}
        onChange={(v) => set('title', v)}
        maxLength={200}
        required
      />
      <TextArea
        label={t.submit.context}
        hint={t.submit.contextHint}
        value={d.context}
        onChange={(v) => set('context', v)}
        maxLength={4000}
        required
      />
      <div class="field-row">
        <SelectField
          label={t.submit.certainty}
          value={d.isConfirmed ? 'yes' : 'no'}
          options={[
            ['no', t.submit.suspected],
            ['yes', t.submit.confirmed],
          ]}
          onChange={(v) => set('isConfirmed', v === 'yes')}
        />
        <SelectField
          label={t.submit.severity}
          hint={t.submit.severityHint}
          value={d.severity}
          options={(
            ['unknown', 'low', 'medium', 'high', 'critical'] as const
          ).map((s) => [s, t.severities[s] ?? s] as const)}
          onChange={(v) => set('severity', v)}
        />
        <SelectField
          label={t.submit.kind}
          value={d.kind}
          options={Object.entries(t.kinds)}
          onChange={(v) => set('kind', v)}
        />
      </div>
      <div class="field-row">
        <TextField
          label={t.submit.origin}
          optional={t.common.optional}
          hint={t.submit.originHint}
          value={d.origin}
          onChange={(v) => set('origin', v)}
          maxLength={500}
        />
        <TextField
          label={t.submit.host}
          optional={t.common.optional}
          value={d.host}
          onChange={(v) => set('host', v)}
          maxLength={250}
          spellcheck={false}
        />
        <TextField
          label={t.submit.collected}
          optional={t.common.optional}
          type="datetime-local"
          value={toLocalField(d.collected)}
          onChange={(v) => set('collected', fromLocalField(v))}
        />
      </div>
      <TextArea
        label={t.submit.passwords}
        optional={t.common.optional}
        hint={t.submit.passwordsHint}
        value={d.passwords}
        onChange={(v) => set('passwords', v)}
        rows={2}
      />
      <Disclosed summary={t.submit.nis2}>
        <p class="hint">{t.submit.nis2Hint}</p>
        <div class="fields">
          <IncidentFields
            value={(name) => d.incident[name] ?? ''}
            set={(name) => (value) =>
              set('incident', { ...d.incident, [name]: value })
            }
          />
        </div>
      </Disclosed>
    </>
  );
}

function How(props: { d: Details; set: Set }) {
  const t = useT();
  const { d, set } = props;
  return (
    <>
      <div class="field-row">
        <TlpField value={d.tlp} onChange={(v) => set('tlp', v)} />
        <PapField value={d.pap} onChange={(v) => set('pap', v)} />
      </div>
      <Consents d={d} set={set} />
      <Checkbox
        label={t.submit.unclassified}
        hint={t.submit.unclassifiedHint}
        checked={d.isUnclassified}
        onChange={(v) => set('isUnclassified', v)}
        required
      />
      <Alert tone="info">{t.submit.noGuarantee}</Alert>
    </>
  );
}

/** What one says of the files, and what one allows. */
export function Consents(props: { d: Declared; set: SetDeclared }) {
  const t = useT();
  const { d, set } = props;
  return (
    <Fieldset legend={t.submit.consents}>
      <Checkbox
        label={t.submit.personalData}
        checked={d.hasPersonalData}
        onChange={(v) => set('hasPersonalData', v)}
      />
      <Checkbox
        label={t.submit.thirdParties}
        hint={t.submit.thirdPartiesHint}
        checked={d.mayAskOthers}
        onChange={(v) => set('mayAskOthers', v)}
      />
      <Checkbox
        label={t.submit.network}
        hint={t.submit.networkHint}
        checked={d.mayUseNetwork}
        onChange={(v) => set('mayUseNetwork', v)}
      />
    </Fieldset>
  );
}

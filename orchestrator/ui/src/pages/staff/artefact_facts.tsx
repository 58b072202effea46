// SPDX-License-Identifier: Apache-2.0
// What an artefact is: type, digests, where it came from; and the verdict.
import { useState } from 'preact/hooks';
import { get, path, post, type Page } from '../../api/client.js';
import type { Finding, FullArtefact, Verdict } from '../../api/staff.js';
import type { TreeArtefact } from '../../components/charts/artefact_map.js';
import { ArtefactTree } from '../../components/charts/artefact_map.js';
import {
  Button,
  Bytes,
  Card,
  Details,
  Facts,
  ForeignText,
  Hash,
  Name,
  Time,
} from '../../components/basic.js';
import { SelectField, TextArea } from '../../components/form.js';
import { ProblemAlert, useAction, useLoad } from '../../components/load.js';
import { PagesLoaded, usePages, type Pages } from '../../components/pages.js';
import { useT, wordFor } from '../../i18n/index.js';
import { factsByName } from '../../logic/findings.js';
import { useSession } from '../../session.js';
import { ActButton, JsonView, OrMissing, VerdictBadge } from './parts.js';

/** Told above the list of facts, or by pages of their own. */
const SHOWN_ELSEWHERE = new Set([
  'size',
  'sha512',
  'sha256',
  'sha1',
  'md5',
  'mime',
  'magic',
  'entropy',
  'entropy_milli',
  'entropy_profile',
  'tlsh',
  'process',
  'timeline',
  'file',
  'dns',
  'connection',
  'console',
]);

const VALUES = [
  'malicious',
  'suspicious',
  'benign',
  'no_finding',
  'undetermined',
];
const CONFIDENCES = ['low', 'moderate', 'high'];

function Verdicts(props: { id: string }) {
  const t = useT();
  const a = t.staff.artefact;
  const { me, can } = useSession();
  const [value, setValue] = useState('malicious');
  const [confidence, setConfidence] = useState('moderate');
  const [reason, setReason] = useState('');
  const to = path`/artefacts/${props.id}/verdicts`;
  const load = useLoad(
    (signal) => get<Page<Verdict>>(to, {}, signal),
    [props.id],
  );
  const action = useAction(async () => {
    await post(to, { value, confidence, reason: reason.trim() });
    setReason('');
    load.reload();
  });

  return (
    <Card title={a.verdict}>
      <OrMissing load={load}>
        {(data) => (
          <>
            {data.items.length === 0 && <p class="hint">{a.noVerdict}</p>}
            {data.items.map((v) => (
              <article key={v.id} class="message">
                <header>
                  <VerdictBadge
                    value={v.value}
                    isConfirmed={v.confirmed_by !== null}
                  />{' '}
                  {a.confidence}:{' '}
                  {wordFor(t.staff.words.confidences, v.confidence)}
                  {' · '}
                  <Name text={v.by_name} /> <Time at={v.at} />
                </header>
                <ForeignText text={v.reason} />
                {v.confirmed_by !== null ? (
                  <p class="hint">
                    {a.confirmedBy} <Name text={v.confirmed_by_name ?? ''} />
                  </p>
                ) : can('approve_report') && v.by !== me.account ? (
                  <ActButton
                    small
                    kind="primary"
                    label={a.confirm}
                    act={async () => {
                      await post(path`/verdicts/${v.id}/confirm`);
                      load.reload();
                    }}
                  />
                ) : (
                  <p class="hint">{a.needsOther}</p>
                )}
              </article>
            ))}
            {can('verdict') && (
              <form
                onSubmit={(event) => {
                  event.preventDefault();
                  void action.run();
                }}
              >
                <div class="fields">
                  <SelectField
                    label={a.verdict}
                    value={value}
                    onChange={setValue}
                    options={VALUES.map(
                      (v) => [v, wordFor(t.staff.words.verdicts, v)] as const,
                    )}
                  />
                  <SelectField
                    label={a.confidence}
                    value={confidence}
                    onChange={setConfidence}
                    options={CONFIDENCES.map(
                      (v) =>
                        [v, wordFor(t.staff.words.confidences, v)] as const,
                    )}
                  />
                </div>
                <TextArea
                  label={t.common.reason}
                  value={reason}
                  onChange={setReason}
                  rows={3}
                  required
                />
                {action.error ? <ProblemAlert error={action.error} /> : null}
                <Button
                  type="submit"
                  busy={action.isBusy}
                  disabled={reason.trim() === ''}
                >
                  {a.setVerdict}
                </Button>
              </form>
            )}
          </>
        )}
      </OrMissing>
    </Card>
  );
}

/** The artefacts from the top down to this one, and what came out of it. */
function Position(props: { item: FullArtefact }) {
  const t = useT();
  const { item } = props;
  const above = useLoad(
    async (signal) => {
      const list: FullArtefact[] = [];
      let parent = item.parent;
      for (let i = 0; parent !== null && i < 10; i++) {
        const a: FullArtefact = await get<FullArtefact>(
          path`/artefacts/${parent}`,
          {},
          signal,
        );
        list.unshift(a);
        parent = a.parent;
      }
      return list;
    },
    [item.id],
  );
  const below = usePages<TreeArtefact>(
    item.children > 0 ? path`/cases/${item.case}/artefacts` : null,
    { parent: item.id },
    200,
  );
  const score = (a: FullArtefact): TreeArtefact => ({
    ...a,
    score: a.score ?? 0,
  });

  return (
    <Card title={t.staff.artefact.position}>
      <OrMissing load={above}>
        {(list) => (
          <ArtefactTree
            key={`${list.length} ${below.items?.length ?? 0}`}
            artefacts={[
              ...list.map(score),
              score(item),
              ...(below.items ?? []),
            ]}
            current={item.id}
            isCompact
          />
        )}
      </OrMissing>
    </Card>
  );
}

export function ArtefactFacts(props: {
  item: FullArtefact;
  findings: Pages<Finding>;
}) {
  const t = useT();
  const a = t.staff.artefact;
  const { item } = props;
  const digest = (name: string, hex: string | null | undefined) =>
    hex
      ? ([name, <Hash key={name} hex={hex} whole name={name} />] as [
          string,
          preact.JSX.Element,
        ])
      : null;

  return (
    <div class="two-columns">
      <div>
        <Card title={a.tabs.facts}>
          <Facts
            items={[
              [a.type, <Name key="g" text={item.magic} />],
              ['MIME', <code key="m">{item.mime}</code>],
              [t.common.size, <Bytes key="s" n={item.size} />],
              digest('SHA-256', item.sha256),
              digest('SHA-1', item.sha1),
              digest('MD5', item.md5),
              digest('SHA-512', item.sha512),
              digest('TLSH', item.tlsh),
              item.entropy_milli != null
                ? [a.entropy, (item.entropy_milli / 1000).toFixed(3)]
                : null,
              item.name_hex
                ? [a.nameBytes, <code key="n">{item.name_hex}</code>]
                : null,
              [a.received, <Time key="t" at={item.created} />],
              [a.declared, wordFor(t.staff.words.hashStates, item.hash_state)],
            ]}
          />
        </Card>
        <Card title={a.moduleFacts}>
          <PagesLoaded pages={props.findings} empty={a.noFacts}>
            {(items) => <FactList findings={items} />}
          </PagesLoaded>
        </Card>
      </div>
      <div>
        <Verdicts id={item.id} />
        <Position item={item} />
      </div>
    </div>
  );
}

function FactList(props: { findings: Finding[] }) {
  const t = useT();
  const facts = [...factsByName(props.findings)].filter(
    ([name]) => !SHOWN_ELSEWHERE.has(name),
  );

  if (facts.length === 0) return <p class="hint">{t.staff.artefact.noFacts}</p>;
  return (
    <>
      {facts.map(([name, values]) => (
        <Details
          key={name}
          open={facts.length <= 3}
          summary={
            <>
              <code>{name}</code>{' '}
              <span class="hint">
                {values.length === 1 && Array.isArray(values[0])
                  ? values[0].length
                  : values.length > 1
                    ? values.length
                    : ''}
              </span>
            </>
          }
        >
          {values.length === 1 ? (
            <JsonView value={values[0]} caption={name} />
          ) : (
            <JsonView value={values} caption={name} />
          )}
        </Details>
      ))}
    </>
  );
}

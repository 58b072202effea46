// SPDX-License-Identifier: Apache-2.0
// What was found in an artefact: rules that match, conclusions, what could
// not be done.
import { useState } from 'preact/hooks';
import { get, path } from '../../api/client.js';
import type { Finding, FullArtefact } from '../../api/staff.js';
import {
  Alert,
  Badge,
  Button,
  Card,
  Empty,
  Facts,
  Name,
} from '../../components/basic.js';
import { ScoreBadge } from '../../components/charts/artefact_map.js';
import { TextField } from '../../components/form.js';
import { Link } from '../../components/link.js';
import { ProblemAlert, useAction } from '../../components/load.js';
import { PagesLoaded, type Pages } from '../../components/pages.js';
import { Table } from '../../components/table.js';
import { useT, wordFor } from '../../i18n/index.js';
import {
  asList,
  asRecord,
  asText,
  attackOf,
  inline,
  matchPlaces,
  titleOf,
} from '../../logic/findings.js';

export function Attack(props: { detail: unknown }) {
  return (
    <>
      {attackOf(props.detail).map((id) => (
        <Badge key={id}>{id}</Badge>
      ))}
    </>
  );
}

function Match(props: { finding: Finding; id: string }) {
  const t = useT();
  const a = t.staff.artefact;
  const { finding } = props;
  const places = matchPlaces(finding.detail);
  const total = asRecord(finding.detail)['strings_total'];
  const meta = asRecord(asRecord(finding.detail)['meta']);

  return (
    <article class="finding">
      <header>
        <ScoreBadge score={finding.score} />{' '}
        <strong>
          <Name text={finding.name} />
        </strong>{' '}
        <span class="hint">
          <Name text={finding.namespace} />
        </span>{' '}
        <Attack detail={finding.detail} />
        {finding.rescan !== null && (
          <Link href={`/rules/rescans/${finding.rescan}`}>
            <Badge tone="info">{a.byRescan}</Badge>
          </Link>
        )}
        {finding.withdrawn_by !== null && (
          <Badge tone="warn">{a.withdrawn}</Badge>
        )}
        {finding.is_partial && <Badge tone="warn">{a.partial}</Badge>}
      </header>
      <p>
        <Name text={titleOf(finding.detail)} />
      </p>
      {places.length > 0 && (
        <Table
          caption={a.places(finding.name)}
          rows={places.map((p, i) => ({ ...p, i }))}
          rowKey={(p) => p.i}
          columns={[
            {
              key: 'id',
              head: a.string,
              isHead: true,
              cell: (p) => <code>{p.id}</code>,
            },
            {
              key: 'offset',
              head: t.staff.chart.offset,
              numeric: true,
              cell: (p) => (
                <Link href={`/artefacts/${props.id}/bytes?offset=${p.offset}`}>
                  0x{p.offset.toString(16)}
                </Link>
              ),
            },
            {
              key: 'length',
              head: t.staff.chart.length,
              numeric: true,
              cell: (p) => p.length,
            },
            {
              key: 'data',
              head: a.bytesOfMatch,
              cell: (p) => (
                <>
                  {p.text && (
                    <span class="matched">
                      <Name text={p.text} />
                    </span>
                  )}
                  <code class="matched-hex">
                    {p.data.replace(/(..)/g, '$1 ').slice(0, 96)}
                  </code>
                </>
              ),
            },
          ]}
        />
      )}
      {typeof total === 'number' && total > places.length && (
        <p class="hint">{a.morePlaces(total - places.length)}</p>
      )}
      {asText(meta['author']) && (
        <p class="hint">
          <Name text={`${asText(meta['author'])} ${asText(meta['date'])}`} /> ·{' '}
          {finding.engine}
        </p>
      )}
    </article>
  );
}

function Conclusion(props: { finding: Finding }) {
  const t = useT();
  const { finding } = props;
  const evidence = asList(asRecord(finding.detail)['evidence']);

  return (
    <article class="finding">
      <header>
        <ScoreBadge score={finding.score} />{' '}
        <strong>
          <Name text={titleOf(finding.detail) || finding.name} />
        </strong>{' '}
        <Attack detail={finding.detail} />
      </header>
      {evidence.length > 0 && (
        <ul class="evidence">
          {evidence.slice(0, 20).map((e, i) => (
            <li key={i}>
              <Name
                text={Object.entries(asRecord(e))
                  .map(([name, value]) => `${name}: ${inline(value)}`)
                  .join(' · ')}
              />
            </li>
          ))}
        </ul>
      )}
      <p class="hint">
        <Name text={finding.name} /> · {t.staff.artefact.by} {finding.analyser}
      </p>
    </article>
  );
}

function Troubles(props: { findings: Finding[] }) {
  const t = useT();
  const list = props.findings.filter(
    (f) => f.type === 'limit' || f.type === 'error',
  );

  if (list.length === 0) return null;
  return (
    <Alert tone="warn" title={t.staff.artefact.notDone}>
      <ul>
        {list.map((f) => (
          <li key={f.id}>
            <code>{f.analyser}</code>:{' '}
            <Name text={asText(asRecord(f.detail)['text']) || f.name} />
          </li>
        ))}
      </ul>
    </Alert>
  );
}

/** How it is known whether a rule matches. */
function Proof(props: { id: string }) {
  const t = useT();
  const a = t.staff.artefact;
  const [rule, setRule] = useState('');
  const [answer, setAnswer] = useState<Record<string, unknown> | null>(null);
  const action = useAction(async () => {
    setAnswer(
      await get<Record<string, unknown>>(path`/artefacts/${props.id}/proof`, {
        rule: rule.trim(),
      }),
    );
  });

  return (
    <Card title={a.proof}>
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          setAnswer(null);
          void action.run();
        }}
      >
        <TextField
          label={a.rule}
          hint={a.proofHint}
          value={rule}
          onChange={setRule}
          required
          spellcheck={false}
        />
        <Button type="submit" busy={action.isBusy}>
          {a.ask}
        </Button>
      </form>
      {action.error ? <ProblemAlert error={action.error} /> : null}
      {answer && (
        <Facts
          items={[
            [
              t.common.state,
              wordFor(t.staff.words.proofs, asText(answer['state'])),
            ],
            [a.inWords, <Name key="t" text={asText(answer['text'])} />],
            [a.engine, asText(answer['engine'])],
          ]}
        />
      )}
    </Card>
  );
}

export function ArtefactFindings(props: {
  item: FullArtefact;
  findings: Pages<Finding>;
}) {
  const t = useT();
  const a = t.staff.artefact;

  return (
    <>
      <PagesLoaded pages={props.findings} empty={a.noFindings}>
        {(items) => {
          const matches = items
            .filter((f) => f.type === 'match')
            .sort((x, y) => y.score - x.score);
          const conclusions = items
            .filter((f) => f.type === 'finding')
            .sort((x, y) => y.score - x.score);
          return (
            <>
              <Troubles findings={items} />
              <Card title={a.matches(matches.length)}>
                {matches.length === 0 && <Empty>{a.noMatches}</Empty>}
                {matches.map((f) => (
                  <Match key={f.id} finding={f} id={props.item.id} />
                ))}
              </Card>
              {conclusions.length > 0 && (
                <Card title={a.conclusions(conclusions.length)}>
                  {conclusions.map((f) => (
                    <Conclusion key={f.id} finding={f} />
                  ))}
                </Card>
              )}
            </>
          );
        }}
      </PagesLoaded>
      <Proof id={props.item.id} />
    </>
  );
}

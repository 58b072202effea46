// SPDX-License-Identifier: Apache-2.0
// Reports that were released to the submitter.
import { useState } from 'preact/hooks';
import { BASE, download, getAll, path } from '../../api/client.js';
import type { Report } from '../../api/types.js';
import {
  Alert,
  Badge,
  Button,
  Card,
  Empty,
  Facts,
  Time,
} from '../../components/basic.js';
import {
  Loaded,
  ProblemAlert,
  useAction,
  useLoad,
} from '../../components/load.js';
import { Tlp } from '../../components/tlp.js';
import { useT, wordFor } from '../../i18n/index.js';

export function Reports(props: { number: string }) {
  const t = useT();
  const load = useLoad(
    (signal) =>
      getAll<Report>(path`/cases/${props.number}/reports`, {}, signal),
    [props.number],
  );

  return (
    <Loaded load={load} missing={<Empty>{t.reports.none}</Empty>}>
      {(list) =>
        list.length === 0 ? (
          <Empty>{t.reports.none}</Empty>
        ) : (
          <div class="stack">
            {[...list]
              .sort((a, b) => b.rev - a.rev)
              .map((r, i) => (
                <ReportCard
                  key={r.id}
                  number={props.number}
                  report={r}
                  isFirst={i === 0}
                />
              ))}
          </div>
        )
      }
    </Loaded>
  );
}

function ReportCard(props: {
  number: string;
  report: Report;
  isFirst: boolean;
}) {
  const t = useT();
  const { report: r, number } = props;
  const isReadable = r.state !== 'recalled';
  const [isShown, setShown] = useState(props.isFirst && isReadable);
  const at = path`/cases/${number}/reports/${r.id}`;
  const save = useAction((format: 'json' | 'html') =>
    download(
      'GET',
      `${at}?format=${format}`,
      `${number}-report-${r.rev}.${format}`,
    ),
  );
  const file = useAction((format: string, name: string) =>
    download('GET', `${at}?format=${format}`, `${number}-${name}`),
  );
  const title = t.reports.title(wordFor(t.reportKinds, r.kind ?? ''), r.rev);

  return (
    <Card
      title={title}
      actions={
        isReadable && (
          <>
            <Button small expanded={isShown} onClick={() => setShown(!isShown)}>
              {isShown ? t.reports.hide : t.reports.show}
            </Button>
            <Button small onClick={() => void save.run('html')}>
              {t.reports.html}
            </Button>
            <Button small onClick={() => void save.run('json')}>
              {t.reports.json}
            </Button>
          </>
        )
      }
    >
      <Facts
        items={[
          [
            t.common.state,
            <Badge tone={r.state === 'issued' ? 'good' : 'neutral'}>
              {wordFor(t.reportStates, r.state)}
            </Badge>,
          ],
          r.tlp && ['TLP', <Tlp label={r.tlp} />],
          [t.reports.issued, <Time at={r.issued_at ?? r.created} />],
        ]}
      />
      {r.state === 'recalled' && (
        <Alert tone="warn">{t.reports.recalled}</Alert>
      )}
      {r.state === 'superseded' && (
        <Alert tone="info">{t.reports.superseded}</Alert>
      )}
      {save.error ? <ProblemAlert error={save.error} /> : null}
      {isReadable && r.kind !== 'triage' && (
        <section aria-label={t.sharing.nis2}>
          <h3>{t.sharing.nis2}</h3>
          <p class="hint">{t.sharing.nis2Hint}</p>
          <p class="actions">
            {(
              [
                ['csv', 'indicators.csv', t.sharing.csv],
                ['indicators', 'indicators.txt', t.sharing.indicators],
                ['root_cause', 'root-cause.txt', t.sharing.rootCause],
                ['stix', 'report.stix.json', 'STIX 2.1'],
                ['misp', 'report.misp.json', 'MISP'],
              ] as const
            ).map(([format, name, label]) => (
              <Button
                key={format}
                small
                onClick={() => void file.run(format, name)}
              >
                {label}
              </Button>
            ))}
          </p>
          {file.error ? <ProblemAlert error={file.error} /> : null}
        </section>
      )}
      {isReadable && <p class="hint">{t.sharing.print}</p>}
      {isShown && (
        <iframe
          class="report-frame"
          title={title}
          sandbox=""
          src={`${BASE}${at}?format=html`}
        />
      )}
    </Card>
  );
}

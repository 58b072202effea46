// SPDX-License-Identifier: Apache-2.0
// Where a report may hold personal data, and who looked.
import { getAll, path, post } from '../../api/client.js';
import type { PersonalData } from '../../api/share.js';
import type { FullReport } from '../../api/staff.js';
import { Alert, Card, Name, Time } from '../../components/basic.js';
import { useLoad } from '../../components/load.js';
import { Table } from '../../components/table.js';
import { useT, wordFor } from '../../i18n/index.js';
import { useSession } from '../../session.js';
import { ActButton, OrMissing } from './parts.js';

/** Characters of the text on each side of a place. */
const AROUND = 24;

/** The text around a place that is counted in bytes of UTF-8. */
export function around(
  text: string,
  offset: number,
  length: number,
): [string, string, string] {
  const bytes = new TextEncoder().encode(text);
  const decode = (from: number, to: number) =>
    new TextDecoder().decode(bytes.slice(Math.max(0, from), to));

  return [
    decode(0, offset).slice(-AROUND),
    decode(offset, offset + length),
    decode(offset + length, bytes.length).slice(0, AROUND),
  ];
}

export function PersonalDataCard(props: {
  report: FullReport;
  reload: () => void;
}) {
  const t = useT();
  const s = t.sharing;
  const { can } = useSession();
  const { report } = props;
  const load = useLoad(
    (signal) =>
      getAll<PersonalData>(
        path`/reports/${report.id}/personal-data`,
        {},
        signal,
      ),
    [report.id, report.version],
  );
  const names: Record<string, string> = t.staff.report.sections;
  const textOf = (section: string) =>
    section === 'tlp_restriction'
      ? (report.tlp_restriction ?? '')
      : (report.sections?.[section] ?? '');

  return (
    <Card title={s.pii}>
      <p class="hint">{s.piiHint}</p>
      <OrMissing load={load}>
        {(list) =>
          list.length === 0 ? (
            <p>{s.piiNone}</p>
          ) : (
            <Table
              caption={s.pii}
              rows={list.map((x, i) => ({ ...x, i }))}
              rowKey={(x) => x.i}
              columns={[
                {
                  key: 'what',
                  head: s.what,
                  isHead: true,
                  cell: (x) => wordFor(s.types, x.type),
                },
                {
                  key: 'section',
                  head: s.section,
                  cell: (x) =>
                    x.section === 'title'
                      ? wordFor(s.whats, 'title')
                      : wordFor(names, x.section),
                },
                {
                  key: 'place',
                  head: s.place,
                  cell: (x) => {
                    const [before, hit, after] = around(
                      textOf(x.section),
                      x.offset,
                      x.length,
                    );
                    return hit === '' ? (
                      '–'
                    ) : (
                      <span translate={false}>
                        <Name text={before} />
                        <mark>
                          <Name text={hit} />
                        </mark>
                        <Name text={after} />
                      </span>
                    );
                  },
                },
              ]}
            />
          )
        }
      </OrMissing>
      {report.is_pii_reviewed ? (
        <p>
          {s.piiReviewed} <Name text={report.pii_reviewed_by_name ?? '–'} />,{' '}
          <Time at={report.pii_reviewed_at ?? null} />
        </p>
      ) : (
        <Alert tone="warn">{s.piiNotReviewed}</Alert>
      )}
      {can('analyse', 'approve_report') && !report.is_pii_reviewed && (
        <p class="actions">
          <ActButton
            label={s.piiReview}
            act={async () => {
              await post(path`/reports/${report.id}/personal-data`, {
                version: report.version ?? 0,
              });
              props.reload();
            }}
          />
        </p>
      )}
    </Card>
  );
}

// SPDX-License-Identifier: Apache-2.0
// The reports of a case: revisions, and the beginning of a new one.
import { useState } from 'preact/hooks';
import { get, path, post, type Page } from '../../api/client.js';
import type { FullReport, StaffCase } from '../../api/staff.js';
import { Button, Card, Name, Time } from '../../components/basic.js';
import { SelectField } from '../../components/form.js';
import { Link } from '../../components/link.js';
import { ProblemAlert, useAction } from '../../components/load.js';
import { PagedTable, usePages } from '../../components/pages.js';
import { languages, useT, useWords, wordFor } from '../../i18n/index.js';
import { navigate } from '../../router.js';
import { useSession } from '../../session.js';
import { StateBadge } from './parts.js';

const KINDS = ['triage', 'analysis', 'postmortem', 'late_detection'] as const;
const EMPTY_SECTIONS = {
  summary: '',
  scope: '',
  damage: '',
  root_cause: '',
  recommendations: '',
  methods: '',
  limitations: '',
};
const ATTEMPTS = 40;

const pause = (ms: number) =>
  new Promise((resolve) => window.setTimeout(resolve, ms));

function NewReport(props: { number: string; onDone: () => void }) {
  const t = useT();
  const r = t.staff.report;
  const { language } = useWords();
  const [kind, setKind] = useState<string>('analysis');
  const [lang, setLang] = useState<string>(language);
  const action = useAction(async () => {
    const to = path`/cases/${props.number}/reports`;
    const before = await get<Page<FullReport>>(to, { limit: 500 });
    const known = new Set(before.items.map((x) => x.id));
    const ordered = await post<{ job: string; id?: string | null }>(
      to,
      kind === 'triage'
        ? {}
        : { kind, language: lang, sections: EMPTY_SECTIONS },
    );
    if (ordered.id) {
      navigate(path`/reports/${ordered.id}`);
      return;
    }
    // A job makes it: it is in the list a moment later.
    for (let i = 0; i < ATTEMPTS; i++) {
      await pause(i < 5 ? 300 : 1000);
      const now = await get<Page<FullReport>>(to, { limit: 500 });
      const made = now.items.find((x) => !known.has(x.id));
      if (made) {
        if (made.state === 'draft') navigate(path`/reports/${made.id}`);
        props.onDone();
        return;
      }
    }
    props.onDone();
  });

  return (
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        void action.run();
      }}
    >
      <SelectField
        label={r.kind}
        value={kind}
        onChange={setKind}
        options={KINDS.map((k) => [k, wordFor(r.kinds, k)] as const)}
      />
      <SelectField
        label={r.language}
        value={lang}
        onChange={setLang}
        options={Object.entries(languages)}
      />
      <Button type="submit" kind="primary" busy={action.isBusy}>
        {r.begin}
      </Button>
      {action.error ? <ProblemAlert error={action.error} /> : null}
    </form>
  );
}

export function CaseReports(props: { item: StaffCase }) {
  const t = useT();
  const r = t.staff.report;
  const { can } = useSession();
  const pages = usePages<FullReport>(path`/cases/${props.item.number}/reports`);

  return (
    <Card title={t.staff.case.tabs.reports}>
      {can('analyse', 'verdict') && (
        <NewReport number={props.item.number} onDone={pages.reload} />
      )}
      <PagedTable
        pages={pages}
        caption={t.staff.case.tabs.reports}
        empty={r.none}
        rowKey={(x) => x.id}
        columns={[
          {
            key: 'rev',
            head: r.revision,
            isHead: true,
            cell: (x) => (
              <Link href={path`/reports/${x.id}?case=${x.case}`}>
                {r.revisionOf(x.rev)}
              </Link>
            ),
          },
          {
            key: 'kind',
            head: r.kind,
            cell: (x) => wordFor(r.kinds, x.kind ?? 'triage'),
          },
          {
            key: 'state',
            head: t.common.state,
            cell: (x) => <StateBadge state={x.state} />,
          },
          { key: 'lang', head: r.language, cell: (x) => x.language ?? 'en' },
          {
            key: 'author',
            head: r.author,
            cell: (x) => <Name text={x.author_name ?? ''} />,
          },
          {
            key: 'created',
            head: r.created,
            cell: (x) => <Time at={x.created} />,
          },
          {
            key: 'issued',
            head: r.issued,
            cell: (x) => <Time at={x.issued_at} />,
          },
        ]}
      />
    </Card>
  );
}

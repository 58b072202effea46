// SPDX-License-Identifier: Apache-2.0
// A report: written here, seen by a second person, issued, perhaps recalled.
import { useEffect, useState } from 'preact/hooks';
import { get, path, post } from '../../api/client.js';
import type { FullReport } from '../../api/staff.js';
import {
  Alert,
  Button,
  Card,
  Empty,
  Facts,
  Name,
  Time,
} from '../../components/basic.js';
import { SelectField, TextArea } from '../../components/form.js';
import {
  LabelFields,
  isSameLabels,
  type LabelValues,
} from '../../components/labels.js';
import {
  Loaded,
  ProblemAlert,
  useAction,
  useLoad,
} from '../../components/load.js';
import { Page, type PageProps } from '../../components/page.js';
import { Pap, Tlp } from '../../components/tlp.js';
import { languages, useT, wordFor } from '../../i18n/index.js';
import { setLeaveGuard } from '../../router.js';
import { useSession } from '../../session.js';
import { ActButton, ReasonButton, StateBadge } from './parts.js';
import { PersonalDataCard } from './report_pii.js';
import { ShareCard } from './report_share.js';

export const SECTIONS = [
  'summary',
  'scope',
  'damage',
  'root_cause',
  'recommendations',
  'methods',
  'limitations',
] as const;
/** Of a post-mortem these must say something before it is submitted. */
const MUST = ['scope', 'damage', 'root_cause'];

function sectionsOf(report: FullReport): Record<string, string> {
  const from = report.sections ?? {};
  return Object.fromEntries(
    SECTIONS.map((name) => [name, String(from[name] ?? '')]),
  );
}

/** As the reader will have it: label, sections, label. */
function Preview(props: {
  report: FullReport;
  sections: Record<string, string>;
  tlp: string;
  restriction: string;
}) {
  const t = useT();
  const r = t.staff.report;
  const label = (
    <p class="preview-label">
      <Tlp label={props.tlp} /> {props.restriction}
    </p>
  );

  return (
    <article class="preview" aria-label={r.preview}>
      {label}
      <h3>
        {wordFor(r.kinds, props.report.kind ?? 'triage')} ·{' '}
        {r.revisionOf(props.report.rev)}
      </h3>
      {SECTIONS.map((name) => {
        const text = (props.sections[name] ?? '').trim();
        return text === '' ? null : (
          <section key={name}>
            <h4>{r.sections[name]}</h4>
            {text.split(/\n{2,}/).map((paragraph, i) => (
              <p key={i}>{paragraph}</p>
            ))}
          </section>
        );
      })}
      {SECTIONS.every((name) => !(props.sections[name] ?? '').trim()) && (
        <p class="hint">{r.nothingYet}</p>
      )}
      <p class="hint">{r.disclaimer}</p>
      {label}
    </article>
  );
}

function Editor(props: { report: FullReport; reload: () => void }) {
  const t = useT();
  const r = t.staff.report;
  const { report } = props;
  const before = sectionsOf(report);
  const [sections, setSections] = useState(before);
  const labelsBefore: LabelValues = {
    tlp: report.tlp ?? 'TLP:AMBER+STRICT',
    pap: (report.pap as LabelValues['pap'] | undefined) ?? 'PAP:RED',
    restriction: report.tlp_restriction ?? '',
  };
  const [labels, setLabels] = useState(labelsBefore);
  const [language, setLanguage] = useState(report.language ?? 'en');
  const isDirty =
    SECTIONS.some((name) => sections[name] !== before[name]) ||
    !isSameLabels(labelsBefore, labels) ||
    language !== (report.language ?? 'en');
  const missing =
    report.kind === 'postmortem'
      ? MUST.filter((name) => (sections[name] ?? '').trim() === '')
      : [];
  const to = path`/reports/${report.id}`;
  const save = useAction(async () => {
    await post(to, {
      version: report.version ?? 0,
      sections,
      language,
      tlp: labels.tlp,
      tlp_restriction: labels.restriction,
      pap: labels.pap,
    });
    props.reload();
  });
  const submit = useAction(async () => {
    await post(`${to}/submit`);
    props.reload();
  });

  useEffect(() => {
    setLeaveGuard(isDirty ? () => window.confirm(r.leave) : null);
    const onLeave = (event: BeforeUnloadEvent) => event.preventDefault();
    if (isDirty) window.addEventListener('beforeunload', onLeave);
    return () => {
      setLeaveGuard(null);
      window.removeEventListener('beforeunload', onLeave);
    };
  }, [isDirty]);

  return (
    <div class="two-columns even">
      <Card title={r.write}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void save.run();
          }}
        >
          <div class="fields">
            <SelectField
              label={r.language}
              value={language}
              onChange={setLanguage}
              options={Object.entries(languages)}
            />
            <LabelFields value={labels} onChange={setLabels} />
          </div>
          {SECTIONS.map((name) => (
            <TextArea
              key={name}
              label={r.sections[name]}
              hint={
                report.kind === 'postmortem' && MUST.includes(name)
                  ? r.must
                  : undefined
              }
              value={sections[name] ?? ''}
              onChange={(text) => setSections({ ...sections, [name]: text })}
              rows={name === 'summary' ? 6 : 4}
            />
          ))}
          {missing.length > 0 && (
            <Alert tone="warn">
              {r.missing(
                missing
                  .map((name) => r.sections[name as keyof typeof r.sections])
                  .join(', '),
              )}
            </Alert>
          )}
          {save.error ? <ProblemAlert error={save.error} /> : null}
          {submit.error ? <ProblemAlert error={submit.error} /> : null}
          <p class="actions">
            <Button
              type="submit"
              kind="primary"
              busy={save.isBusy}
              disabled={!isDirty}
            >
              {t.common.save}
            </Button>
            <Button
              onClick={() => void submit.run()}
              busy={submit.isBusy}
              disabled={isDirty || missing.length > 0}
            >
              {r.submit}
            </Button>
            <span class="hint">{isDirty ? r.unsaved : r.submitHint}</span>
          </p>
        </form>
      </Card>
      <Card title={r.preview}>
        <Preview
          report={report}
          sections={sections}
          tlp={labels.tlp}
          restriction={labels.restriction}
        />
      </Card>
    </div>
  );
}

function Review(props: { report: FullReport; reload: () => void }) {
  const t = useT();
  const r = t.staff.report;
  const { me, can } = useSession();
  const { report } = props;
  const to = path`/reports/${report.id}`;
  const isAuthor = report.author === me.account;
  const act = (name: string, body: unknown) => async () => {
    await post(`${to}/${name}`, body);
    props.reload();
  };

  if (report.state === 'submitted' && can('approve_report'))
    return (
      <Card title={r.review}>
        {isAuthor ? (
          <Alert>{t.staff.common.otherPerson}</Alert>
        ) : (
          <p>{r.reviewText}</p>
        )}
        <p class="actions">
          <ReasonButton
            label={r.approve}
            reasonLabel={r.comment}
            isOptional
            act={async (comment) => {
              await post(`${to}/approve`, { comment });
              props.reload();
            }}
          />
          <ReasonButton
            label={r.giveBack}
            reasonLabel={r.comment}
            act={async (comment) => {
              await post(`${to}/return`, { comment });
              props.reload();
            }}
          />
        </p>
      </Card>
    );
  if (report.state === 'approved' && can('approve_report', 'verdict', 'claim'))
    return (
      <Card title={r.issue}>
        <p>{r.issueText}</p>
        <ActButton kind="primary" label={r.issue} act={act('issue', {})} />
      </Card>
    );
  if (report.state === 'issued' && can('approve_report', 'verdict'))
    return (
      <Card title={r.recall}>
        <p>{r.recallText}</p>
        <ReasonButton
          danger
          label={r.recall}
          act={async (reason) => {
            await post(`${to}/recall`, { reason });
            props.reload();
          }}
        />
      </Card>
    );
  return null;
}

function Content(props: { report: FullReport; reload: () => void }) {
  const t = useT();
  const r = t.staff.report;
  const { can } = useSession();
  const { report } = props;
  const mayEdit =
    (report.state === 'draft' || report.state === 'returned') &&
    report.sections != null &&
    can('analyse', 'verdict');
  const file = (format: string) =>
    `/api/v1/cases/${report.case}/reports/${report.id}?format=${format}`;

  return (
    <>
      <p class="labels">
        <StateBadge state={report.state} />
        {report.tlp && <Tlp label={report.tlp} />}
        {report.pap && <Pap label={report.pap} />}
        <span>{wordFor(r.kinds, report.kind ?? 'triage')}</span>
        <a href={file('html')} target="_blank" rel="noreferrer">
          {r.asPage}
        </a>
        <a href={file('json')} download={`${report.id}.json`}>
          JSON
        </a>
      </p>
      {report.comment && (
        <Alert tone="warn" title={r.comment}>
          <Name text={report.comment} />
        </Alert>
      )}
      <Card>
        <Facts
          items={[
            [r.author, <Name key="a" text={report.author_name ?? '–'} />],
            [r.approver, <Name key="b" text={report.approver_name ?? '–'} />],
            [r.created, <Time key="c" at={report.created_at} />],
            [r.issued, <Time key="d" at={report.issued_at} />],
          ]}
        />
      </Card>
      <Review report={report} reload={props.reload} />
      {report.sections != null && (
        <PersonalDataCard report={report} reload={props.reload} />
      )}
      {['approved', 'issued', 'superseded', 'recalled'].includes(
        report.state,
      ) && <ShareCard report={report} />}
      {mayEdit ? (
        <Editor
          key={`${report.id} ${report.version ?? 0}`}
          report={report}
          reload={props.reload}
        />
      ) : (
        <Card title={r.preview}>
          {report.sections ? (
            <Preview
              report={report}
              sections={sectionsOf(report)}
              tlp={report.tlp ?? ''}
              restriction={report.tlp_restriction ?? ''}
            />
          ) : (
            <Empty>{r.machine}</Empty>
          )}
        </Card>
      )}
    </>
  );
}

export default function ReportPage({ params }: PageProps) {
  const t = useT();
  const r = t.staff.report;
  const id = params['id'] ?? '';
  const load = useLoad(
    (signal) => get<FullReport>(path`/reports/${id}`, {}, signal),
    [id],
  );

  return (
    <Page
      title={load.data ? r.titleOf(load.data.rev) : r.report}
      above={[
        ['/queue', t.staff.queue.title],
        ...(load.data
          ? ([[path`/cases/${load.data.case}/reports`, r.theCase]] as [
              string,
              string,
            ][])
          : []),
      ]}
      wide
    >
      <Loaded load={load}>
        {(report) => <Content report={report} reload={load.reload} />}
      </Loaded>
    </Page>
  );
}

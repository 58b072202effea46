// SPDX-License-Identifier: Apache-2.0
// How far a case is, what was sent, and adding to it.
import { useEffect, useRef, useState } from 'preact/hooks';
import {
  BASE,
  download,
  get,
  getAll,
  path,
  post,
  type Page as ListPage,
} from '../../api/client.js';
import type {
  Artefact,
  Case,
  Deletion,
  Progress,
  Submission,
} from '../../api/types.js';
import {
  Badge,
  Button,
  Bytes,
  Card,
  Empty,
  Facts,
  Hash,
  Meter,
  Name,
  Time,
} from '../../components/basic.js';
import { ChosenList, DropZone, UploadList } from '../../components/files.js';
import { Checkbox, TextArea } from '../../components/form.js';
import {
  Loaded,
  ProblemAlert,
  useAction,
  useLoad,
} from '../../components/load.js';
import { StageSteps, stageOf } from '../../components/stage.js';
import { Table } from '../../components/table.js';
import { Pap, Tlp } from '../../components/tlp.js';
import { useT, wordFor } from '../../i18n/index.js';
import { addUploads, type ChosenFile } from '../../lib/uploads.js';
import { useSession } from '../../session.js';
import { Consents, declaredBody, type Declared } from '../submit.js';
import { Consent } from './consent.js';
import { Withdraw } from './withdraw.js';

const NOTHING_DECLARED: Declared = {
  hasPersonalData: false,
  mayAskOthers: false,
  mayUseNetwork: false,
};

export function Overview(props: { case: Case; reload: () => void }) {
  const t = useT();
  const { case: c, reload } = props;
  const session = useSession();
  const [round, setRound] = useState(0);
  const submissions = useLoad(
    (signal) =>
      getAll<Submission>(path`/cases/${c.number}/submissions`, {}, signal),
    [c.number],
    round,
  );
  const again = () => {
    setRound((n) => n + 1);
    reload();
  };
  const stage = stageOf(c);
  const isGone = ['withdrawn', 'deleted'].includes(stage);
  const none = isGone ? t.casePage.filesGone : t.casePage.noFiles;
  const isOpen = c.state === 'open' && !isGone;

  return (
    <div class="columns">
      <div class="stack">
        <Consent number={c.number} isOpenOnly />
        <Card title={t.casePage.status}>
          <StageSteps stage={stage} />
          <p class="next">
            <strong>{t.casePage.next}</strong> {t.next[stage]}
          </p>
          <LiveProgress number={c.number} jobs={c.jobs_open} onEnd={again} />
        </Card>
        <Card title={t.casePage.files}>
          <div class="stack">
            <UploadList case={c.number} onDone={again} />
            <Files number={c.number} round={round} none={none} />
          </div>
        </Card>
        {session.can('submit') && isOpen && (
          <AddFiles case={c} onSent={again} />
        )}
      </div>
      <div class="stack">
        <Card title={t.casePage.facts}>
          <CaseFacts case={c} />
        </Card>
        <Loaded load={submissions}>
          {(list) => (
            <Card title={t.casePage.submissions}>
              <Submissions list={list} none={none} onChange={again} />
            </Card>
          )}
        </Loaded>
        <Deletions number={c.number} round={round} />
      </div>
    </div>
  );
}

function CaseFacts(props: { case: Case }) {
  const t = useT();
  const c = props.case;
  return (
    <Facts
      items={[
        [t.case.organisation, <Name text={c.org_name} />],
        [t.case.created, <Time at={c.created} />],
        [t.case.severity, wordFor(t.severities, c.severity)],
        ['TLP', <Tlp label={c.tlp} />],
        ['PAP', <Pap label={c.pap} />],
        [t.case.files, c.artefacts],
      ]}
    />
  );
}

/** The checks of machines, as they go on. */
function LiveProgress(props: {
  number: string;
  jobs: number;
  onEnd: () => void;
}) {
  const t = useT();
  const [progress, setProgress] = useState<Progress | null>(null);
  const onEnd = useRef(props.onEnd);
  const isRunning = props.jobs > 0;

  onEnd.current = props.onEnd;
  useEffect(() => {
    if (!isRunning) return undefined;
    const source = new EventSource(
      BASE + path`/cases/${props.number}/progress/stream`,
    );
    source.addEventListener('progress', (event) => {
      try {
        setProgress(JSON.parse(event.data as string) as Progress);
      } catch {
        /* the next one will do */
      }
    });
    const stop = () => {
      source.close();
      setProgress(null);
      onEnd.current();
    };
    source.addEventListener('end', stop);
    source.addEventListener('problem', stop);
    return () => source.close();
  }, [props.number, isRunning]);
  if (!isRunning || !progress) return null;
  const total = progress.items.reduce((sum, i) => sum + i.count, 0);
  const done = Math.max(0, total - progress.jobs_open);
  return (
    <div class="progress-live">
      <p class="hint" role="status">
        {t.casePage.checks(done, total)}
      </p>
      <Meter value={done} max={total} label={t.casePage.checksLabel} />
    </div>
  );
}

function Files(props: { number: string; round: number; none: string }) {
  const t = useT();
  const load = useLoad(
    (signal) =>
      get<ListPage<Artefact>>(
        path`/cases/${props.number}/artefacts`,
        { limit: 200 },
        signal,
      ),
    [props.number],
    props.round,
  );
  const receipt = useAction((a: Artefact) =>
    download(
      'GET',
      path`/artefacts/${a.id}/receipt`,
      `receipt-${a.sha256.slice(0, 16)}.json`,
    ),
  );

  return (
    <Loaded load={load} missing={<Empty>{props.none}</Empty>}>
      {(page) =>
        page.items.length === 0 ? (
          <Empty>{props.none}</Empty>
        ) : (
          <>
            {receipt.error ? <ProblemAlert error={receipt.error} /> : null}
            <Table
              caption={t.casePage.files}
              rows={page.items}
              rowKey={(a) => a.id}
              columns={[
                {
                  key: 'name',
                  head: t.common.name,
                  isHead: true,
                  cell: (a) => (
                    <>
                      <Name text={a.name} />
                      {a.seal && (
                        <div>
                          <Badge tone="info">{t.casePage.sealed}</Badge>
                        </div>
                      )}
                      <div class="hint">
                        <Hash hex={a.sha256} />
                      </div>
                    </>
                  ),
                },
                {
                  key: 'size',
                  head: t.common.size,
                  numeric: true,
                  cell: (a) => <Bytes n={a.size} />,
                },
                {
                  key: 'hash',
                  head: t.casePage.checked,
                  cell: (a) => <HashState state={a.hash_state} />,
                },
                {
                  key: 'received',
                  head: t.casePage.received,
                  cell: (a) => <Time at={a.created} />,
                },
                {
                  key: 'receipt',
                  head: t.casePage.receipt,
                  cell: (a) => (
                    <Button
                      small
                      label={`${t.common.download}: ${t.casePage.receipt} ${a.name}`}
                      onClick={() => void receipt.run(a)}
                    >
                      {t.common.download}
                    </Button>
                  ),
                },
              ]}
            />
            {page.next && <p class="hint">{t.casePage.moreFiles}</p>}
          </>
        )
      }
    </Loaded>
  );
}

function HashState(props: { state: string }) {
  const t = useT();
  if (props.state === 'match')
    return <Badge tone="good">{t.casePage.hashMatch}</Badge>;
  if (props.state === 'mismatch')
    return <Badge tone="bad">{t.casePage.hashMismatch}</Badge>;
  return <>–</>;
}

function AddFiles(props: { case: Case; onSent: () => void }) {
  const t = useT();
  const { case: c } = props;
  const [files, setFiles] = useState<ChosenFile[]>([]);
  const [comment, setComment] = useState('');
  const [isUnclassified, setUnclassified] = useState(false);
  const [declared, setDeclared] = useState<Declared>(NOTHING_DECLARED);
  const send = useAction(async () => {
    const submission = await post<{ id: string }>(
      path`/cases/${c.number}/submissions`,
      { comment, ...declaredBody(declared) },
    );
    addUploads(c.number, submission.id, files);
    setFiles([]);
    setComment('');
    setUnclassified(false);
    setDeclared(NOTHING_DECLARED);
    props.onSent();
  });

  return (
    <Card title={t.casePage.addTitle}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send.run();
        }}
      >
        <DropZone
          label={t.files.drop}
          onFiles={(more) => setFiles((old) => [...old, ...more])}
        />
        {files.length > 0 && (
          <>
            <ChosenList files={files} onChange={setFiles} />
            <TextArea
              label={t.casePage.addComment}
              optional={t.common.optional}
              value={comment}
              onChange={setComment}
              rows={2}
              maxLength={4000}
            />
            <Consents
              d={declared}
              set={(name, value) =>
                setDeclared((old) => ({ ...old, [name]: value }))
              }
            />
            <Checkbox
              label={t.submit.unclassified}
              checked={isUnclassified}
              onChange={setUnclassified}
              required
            />
            {send.error ? <ProblemAlert error={send.error} /> : null}
            <div class="actions">
              <Button type="submit" kind="primary" busy={send.isBusy}>
                {t.casePage.addSend}
              </Button>
            </div>
          </>
        )}
      </form>
    </Card>
  );
}

/** What was ticked, shown back. */
function Ticked(props: { submission: Submission }) {
  const t = useT();
  const { submission: s } = props;
  const ticked = [
    s.personal_data ? t.declared.personalData : '',
    s.third_party_ok === false ? t.declared.noThirdParties : '',
    s.third_party_ok ? t.declared.thirdParties : '',
    s.network_ok ? t.declared.network : '',
    s.network_ok === false ? t.declared.noNetwork : '',
  ].filter(Boolean);

  return (
    <>
      <p class="row">
        <Tlp label={s.tlp} />
        <Pap label={s.pap} />
      </p>
      {ticked.length > 0 && <p class="hint">{ticked.join(' · ')}</p>}
    </>
  );
}

/** What was deleted, and the proof of it. */
function Deletions(props: { number: string; round: number }) {
  const t = useT();
  const load = useLoad(
    (signal) =>
      getAll<Deletion>(path`/cases/${props.number}/deletions`, {}, signal),
    [props.number],
    props.round,
  );
  const save = useAction((d: Deletion) =>
    download(
      'GET',
      path`/deletions/${d.id}/certificate`,
      `${props.number}-deletion-certificate.json`,
    ),
  );

  if (!load.data || load.data.length === 0) return null;
  return (
    <Card title={t.deletions.title}>
      <ul class="submissions">
        {load.data.map((d) => (
          <li key={d.id}>
            <p>
              <Badge>{wordFor(t.deletions.states, d.state)}</Badge>{' '}
              <Time at={d.executed_at ?? d.requested_at} />
            </p>
            <p class="hint">
              <Name text={d.reason} />
            </p>
            {d.answer && (
              <p>
                {t.staff.move.answer}: <Name text={d.answer} />
              </p>
            )}
            {d.state === 'done' && (
              <Button small onClick={() => void save.run(d)}>
                {t.deletions.certificate}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {save.error ? <ProblemAlert error={save.error} /> : null}
    </Card>
  );
}

function Submissions(props: {
  list: Submission[];
  none: string;
  onChange: () => void;
}) {
  const t = useT();

  if (props.list.length === 0) return <Empty>{props.none}</Empty>;
  return (
    <ul class="submissions">
      {props.list.map((s) => (
        <li key={s.id}>
          <p>
            <strong>
              <Time at={s.created} />
            </strong>{' '}
            · <Name text={s.created_by} />
          </p>
          <p class="hint">
            {t.files.count(s.artefacts)} · <Bytes n={s.bytes} />
          </p>
          <Ticked submission={s} />
          {s.comment && (
            <p class="foreign-text submission-comment">{s.comment}</p>
          )}
          <Withdraw submission={s} onDone={props.onChange} />
        </li>
      ))}
    </ul>
  );
}

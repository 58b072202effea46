// SPDX-License-Identifier: Apache-2.0
// Choosing files, and watching them go.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { useT, useWords } from '../i18n/index.js';
import { fromDrop, fromInput } from '../lib/chosen.js';
import { formatBytes, formatSeconds } from '../lib/format.js';
import {
  forgetUnfinished,
  isSameFile,
  onUploads,
  pauseUpload,
  removeUpload,
  resumeUnfinished,
  resumeUpload,
  unfinishedOf,
  uploadsOf,
  type ChosenFile,
  type Unfinished,
  type UploadItem,
} from '../lib/uploads.js';
import { Alert, Badge, Button, Bytes, Meter, Name } from './basic.js';
import { problemText } from './load.js';

/** A place to drop files and folders on, and buttons that do the same. */
export function DropZone(props: {
  onFiles: (files: ChosenFile[]) => void;
  label: string;
}) {
  const t = useT();
  const id = useId();
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);

  useEffect(() => {
    folder.current?.setAttribute('webkitdirectory', '');
  }, []);
  const onDrop = async (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    props.onFiles(await fromDrop(event.dataTransfer));
  };
  const onChange = (input: HTMLInputElement) => {
    props.onFiles(fromInput(input.files));
    input.value = '';
  };
  return (
    <div
      class={`drop-zone${isOver ? ' is-over' : ''}`}
      role="group"
      aria-labelledby={id}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => void onDrop(event)}
    >
      <p id={id}>
        <strong>{props.label}</strong>
      </p>
      <p class="hint">{t.files.dropHint}</p>
      <div class="actions">
        <Button onClick={() => files.current?.click()}>{t.files.choose}</Button>
        <Button onClick={() => folder.current?.click()}>
          {t.files.chooseFolder}
        </Button>
      </div>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        data-testid="files"
        aria-label={t.files.choose}
        onChange={(e) => onChange(e.currentTarget)}
      />
      <input
        ref={folder}
        type="file"
        multiple
        hidden
        data-testid="folder"
        aria-label={t.files.chooseFolder}
        onChange={(e) => onChange(e.currentTarget)}
      />
    </div>
  );
}

/** What was chosen, before it is sent. */
export function ChosenList(props: {
  files: ChosenFile[];
  onChange: (files: ChosenFile[]) => void;
}) {
  const t = useT();
  const { locale } = useWords();
  const shown = props.files.slice(0, 100);
  const total = props.files.reduce((sum, f) => sum + f.file.size, 0);

  if (props.files.length === 0) return null;
  return (
    <div class="chosen">
      <p class="row">
        <strong>
          {t.files.chosen(props.files.length, formatBytes(total, locale))}
        </strong>
        <Button kind="quiet" small onClick={() => props.onChange([])}>
          {t.files.clear}
        </Button>
      </p>
      <ul>
        {shown.map((f, i) => (
          <li key={`${f.name} ${i}`}>
            <Name text={f.name} />
            <span class="hint">
              <Bytes n={f.file.size} />
            </span>
            <Button
              kind="quiet"
              small
              label={`${t.common.remove}: ${f.name}`}
              onClick={() =>
                props.onChange(props.files.filter((other) => other !== f))
              }
            >
              ✕
            </Button>
          </li>
        ))}
      </ul>
      {props.files.length > shown.length && (
        <p class="hint">{t.files.others(props.files.length - shown.length)}</p>
      )}
    </div>
  );
}

function useUploads(caseNumber: string) {
  const [, setRound] = useState(0);

  useEffect(() => onUploads(() => setRound((n) => n + 1)), []);
  return {
    items: uploadsOf(caseNumber),
    unfinished: unfinishedOf(caseNumber),
  };
}

function StateBadge(props: { item: UploadItem }) {
  const t = useT();
  const { item } = props;

  if (item.isRetrying && item.state === 'sending')
    return <Badge tone="warn">{t.files.retrying}</Badge>;
  switch (item.state) {
    case 'done':
      return <Badge tone="good">{t.files.done}</Badge>;
    case 'failed':
      return <Badge tone="bad">{t.files.failed}</Badge>;
    case 'paused':
      return <Badge tone="warn">{t.files.paused}</Badge>;
    case 'sending':
      return <Badge tone="info">{t.files.sending}</Badge>;
    default:
      return <Badge>{t.files.waiting}</Badge>;
  }
}

function UploadRow(props: { item: UploadItem }) {
  const t = useT();
  const { locale } = useWords();
  const { item } = props;
  const left = item.speed > 0 ? (item.size - item.sent) / item.speed : 0;
  const isOpen = item.state !== 'done';

  return (
    <li class="upload">
      <div class="row">
        <Name text={item.name} />
        <StateBadge item={item} />
      </div>
      {isOpen && (
        <Meter
          value={item.sent}
          max={item.size}
          label={t.files.progressOf(item.name)}
          tone={item.state === 'failed' ? 'bad' : 'info'}
        />
      )}
      <div class="row hint">
        <span>
          {isOpen && `${formatBytes(item.sent, locale)} / `}
          {formatBytes(item.size, locale)}
        </span>
        {item.speed > 0 && (
          <span>
            {formatBytes(item.speed, locale)}/s · {formatSeconds(left)}
          </span>
        )}
        {item.sha256 && <code>SHA-256 {item.sha256}</code>}
      </div>
      {item.error && (
        <p class="error">
          {problemText(item.error, t)} {item.error.problem.detail}
        </p>
      )}
      <div class="actions">
        {['sending', 'waiting'].includes(item.state) && (
          <Button
            small
            onClick={() => pauseUpload(item.id)}
            label={`${t.files.pause}: ${item.name}`}
          >
            {t.files.pause}
          </Button>
        )}
        {['paused', 'failed'].includes(item.state) && (
          <Button
            small
            onClick={() => resumeUpload(item.id)}
            label={`${t.files.resume}: ${item.name}`}
          >
            {t.files.resume}
          </Button>
        )}
        {isOpen && (
          <Button
            small
            kind="quiet"
            onClick={() => removeUpload(item.id)}
            label={`${t.common.cancel}: ${item.name}`}
          >
            {t.common.cancel}
          </Button>
        )}
      </div>
    </li>
  );
}

function UnfinishedRow(props: { item: Unfinished }) {
  const t = useT();
  const input = useRef<HTMLInputElement>(null);
  const [isOther, setOther] = useState(false);
  const { item } = props;

  return (
    <li class="upload">
      <div class="row">
        <Name text={item.name} />
        <Badge tone="warn">{t.files.unfinished}</Badge>
        <span class="hint">
          <Bytes n={item.size} />
        </span>
      </div>
      <p class="hint">{t.files.unfinishedHint}</p>
      {isOther && <p class="error">{t.files.otherFile}</p>}
      <div class="actions">
        <Button
          small
          onClick={() => input.current?.click()}
          label={`${t.files.chooseAgain}: ${item.name}`}
        >
          {t.files.chooseAgain}
        </Button>
        <Button
          small
          kind="quiet"
          onClick={() => forgetUnfinished(item.url)}
          label={`${t.files.forget}: ${item.name}`}
        >
          {t.files.forget}
        </Button>
      </div>
      <input
        ref={input}
        type="file"
        hidden
        data-testid="again"
        aria-label={t.files.chooseAgain}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (!file) return;
          const isSame = isSameFile(item, file, file.name);
          setOther(!isSame);
          if (isSame) resumeUnfinished(item, file);
        }}
      />
    </li>
  );
}

/** What is being sent to a case, and what waits for its file. */
export function UploadList(props: { case: string; onDone?: () => void }) {
  const t = useT();
  const { items, unfinished } = useUploads(props.case);
  const done = items.filter((i) => i.state === 'done').length;
  const seen = useRef(done);

  useEffect(() => {
    if (done > seen.current) props.onDone?.();
    seen.current = done;
  }, [done]);
  if (items.length + unfinished.length === 0) return null;
  const isAllDone = done === items.length && unfinished.length === 0;
  return (
    <section class="uploads" aria-label={t.files.uploads}>
      <p role="status" class="hint">
        {t.files.doneOf(done, items.length)}
      </p>
      {isAllDone && <Alert tone="good">{t.files.allDone}</Alert>}
      <ul>
        {unfinished.map((item) => (
          <UnfinishedRow key={item.url} item={item} />
        ))}
        {items
          // What has arrived stands in the list of files.
          .filter((item) => item.state !== 'done')
          .map((item) => (
            <UploadRow key={item.id} item={item} />
          ))}
      </ul>
    </section>
  );
}

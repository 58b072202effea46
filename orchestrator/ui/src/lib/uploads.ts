// SPDX-License-Identifier: Apache-2.0
// Files on their way.  Uploads live outside of pages: going to another page
// does not stop them, and after a reload they go on where they were, once the
// same file is chosen again.
import { Upload, type DetailedError } from 'tus-js-client';
import { BASE, csrfToken, get } from '../api/client.js';
import { ApiError, problemOf } from '../api/problem.js';
import { recall, remember } from './storage.js';

/** Uploads at a time; others wait. */
const AT_ONCE = 2;
/** Up to here the browser reckons the digest before it sends. */
const DIGEST_BYTES_MAX = 64 * 1024 * 1024;
/** After these many milliseconds an upload that was cut off goes on. */
const RETRY_MS = [0, 1000, 2000, 4000, 8000, 15000, 30000];
const STORE = 'uploads';
/** The server keeps what is unfinished for days; so does this list. */
const KEEP_MS = 14 * 24 * 3600 * 1000;

export type UploadState = 'waiting' | 'sending' | 'paused' | 'done' | 'failed';

export interface UploadItem {
  id: number;
  case: string;
  submission: string;
  name: string;
  size: number;
  state: UploadState;
  sent: number;
  /** bytes a second of late; 0 = not known */
  speed: number;
  error?: ApiError;
  artefact?: string;
  sha256?: string;
  /** cut off, and trying again by itself */
  isRetrying: boolean;
}

/** What is remembered of an upload that is not finished. */
export interface Unfinished {
  url: string;
  case: string;
  submission: string;
  name: string;
  size: number;
  modified: number;
  at: number;
}

interface Job {
  item: UploadItem;
  file: File;
  upload: Upload | null;
  url: string | null;
  samples: [number, number][];
}

let last = 0;
let jobs: Job[] = [];
const listeners = new Set<() => void>();
let isAnnounced = false;

function changed(): void {
  if (isAnnounced) return;
  isAnnounced = true;
  // Progress comes in swarms.
  setTimeout(() => {
    isAnnounced = false;
    for (const fn of listeners) fn();
  }, 100);
}

export function onUploads(fn: () => void): () => void {
  listeners.add(fn);
  return () => listeners.delete(fn);
}

export function uploadsOf(caseNumber: string): UploadItem[] {
  return jobs.filter((j) => j.item.case === caseNumber).map((j) => j.item);
}

export function isSending(): boolean {
  return jobs.some((j) => ['waiting', 'sending'].includes(j.item.state));
}

// --- what is remembered ---

export function readUnfinished(text: string | null, now: number): Unfinished[] {
  let list: unknown = null;

  try {
    list = JSON.parse(text ?? '[]');
  } catch {
    /* not ours: nothing is remembered */
  }
  if (!Array.isArray(list)) return [];
  return list.filter(
    (u: unknown): u is Unfinished =>
      typeof u === 'object' &&
      u !== null &&
      typeof (u as Unfinished).url === 'string' &&
      (u as Unfinished).url.startsWith(`${BASE}/uploads/`) &&
      typeof (u as Unfinished).case === 'string' &&
      typeof (u as Unfinished).submission === 'string' &&
      typeof (u as Unfinished).name === 'string' &&
      typeof (u as Unfinished).size === 'number' &&
      typeof (u as Unfinished).modified === 'number' &&
      now - (u as Unfinished).at < KEEP_MS,
  );
}

function allUnfinished(): Unfinished[] {
  return readUnfinished(recall(STORE), Date.now());
}

function keep(list: Unfinished[]): void {
  remember(STORE, list.length === 0 ? null : JSON.stringify(list));
}

export function forgetUnfinished(url: string): void {
  keep(allUnfinished().filter((u) => u.url !== url));
  changed();
}

/** Of a case: begun here once, and not under way now. */
export function unfinishedOf(caseNumber: string): Unfinished[] {
  return allUnfinished().filter(
    (u) => u.case === caseNumber && !jobs.some((j) => j.url === u.url),
  );
}

/** Is this the file that was being sent? */
export function isSameFile(
  u: Unfinished,
  file: { size: number; lastModified: number },
  name: string,
): boolean {
  return (
    u.size === file.size &&
    u.modified === file.lastModified &&
    (u.name === name || u.name.endsWith(`/${name}`))
  );
}

// --- sending ---

function hex(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)]
    .map((b) => b.toString(16).padStart(2, '0'))
    .join('');
}

async function digestOf(file: File): Promise<string | null> {
  if (file.size > DIGEST_BYTES_MAX || !globalThis.crypto?.subtle) return null;
  return hex(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
}

function speedOf(samples: [number, number][]): number {
  const first = samples[0];
  const now = samples[samples.length - 1];

  if (!first || !now || now[0] - first[0] < 500) return 0;
  return ((now[1] - first[1]) * 1000) / (now[0] - first[0]);
}

function onProgress(job: Job, sent: number): void {
  const now = Date.now();

  job.item.sent = sent;
  job.item.isRetrying = false;
  job.samples.push([now, sent]);
  while (job.samples.length > 2 && now - job.samples[0]![0] > 5000)
    job.samples.shift();
  job.item.speed = speedOf(job.samples);
  changed();
}

/** What the server's answer says, as a problem. */
function errorOf(error: Error | DetailedError): ApiError {
  const response = 'originalResponse' in error ? error.originalResponse : null;
  let body: unknown = null;

  if (!response) return new ApiError(problemOf(0, { title: 'offline' }));
  try {
    body = JSON.parse(response.getBody());
  } catch {
    /* no document */
  }
  return new ApiError(problemOf(response.getStatus(), body));
}

/** Worth another try: the network, a busy or restarting server. */
function isPassing(error: ApiError): boolean {
  return (
    error.isOffline ||
    [408, 409, 423, 429, 500, 502, 503, 504].includes(error.status)
  );
}

async function finish(job: Job): Promise<void> {
  const { item } = job;

  item.state = 'done';
  item.sent = item.size;
  item.speed = 0;
  if (job.url) {
    forgetUnfinished(job.url);
    try {
      const row = await get<{ artefact: string | null; sha256: string | null }>(
        job.url.slice(BASE.length),
      );
      if (row.artefact) item.artefact = row.artefact;
      if (row.sha256) item.sha256 = row.sha256;
    } catch {
      /* the list of files has it all the same */
    }
  }
  next();
}

function rememberUrl(job: Job, url: string): void {
  const { item, file } = job;
  // An absolute address of this site, or a path: only the path counts.
  job.url = new URL(url, window.location.href).pathname;
  keep([
    ...allUnfinished().filter((u) => u.url !== job.url),
    {
      url: job.url,
      case: item.case,
      submission: item.submission,
      name: item.name,
      size: item.size,
      modified: file.lastModified,
      at: Date.now(),
    },
  ]);
}

async function start(job: Job): Promise<void> {
  const { item, file } = job;

  item.state = 'sending';
  changed();
  const metadata: Record<string, string> = { filename: item.name };
  if (!job.url) {
    const digest = await digestOf(file).catch(() => null);
    if (digest) metadata['sha256'] = digest;
    // It may have been paused or removed meanwhile.
    if (item.state !== 'sending' || !jobs.includes(job)) return;
  }
  const upload = new Upload(file, {
    endpoint: `${BASE}/submissions/${encodeURIComponent(item.submission)}/uploads`,
    uploadUrl: job.url,
    metadata,
    retryDelays: RETRY_MS,
    storeFingerprintForResuming: false,
    removeFingerprintOnSuccess: true,
    onBeforeRequest: (request) => {
      request.setHeader('X-CSRF-Token', csrfToken());
    },
    onShouldRetry: (error) => {
      const again = isPassing(errorOf(error));
      if (again) {
        item.isRetrying = true;
        item.speed = 0;
        job.samples = [];
        changed();
      }
      return again;
    },
    onUploadUrlAvailable: () => {
      if (upload.url) rememberUrl(job, upload.url);
    },
    onProgress: (sent) => onProgress(job, sent),
    onError: (error) => {
      item.state = 'failed';
      item.error = errorOf(error);
      item.isRetrying = false;
      item.speed = 0;
      // Gone on the server: it cannot go on, only begin again.
      if ([403, 404, 410].includes(item.error.status) && job.url) {
        forgetUnfinished(job.url);
        job.url = null;
      }
      changed();
      next();
    },
    onSuccess: () => void finish(job),
  });
  job.upload = upload;
  upload.start();
}

function next(): void {
  const busy = jobs.filter((j) => j.item.state === 'sending').length;

  jobs
    .filter((j) => j.item.state === 'waiting')
    .slice(0, Math.max(0, AT_ONCE - busy))
    .forEach((j) => void start(j));
  changed();
}

export interface ChosenFile {
  file: File;
  /** with the folders that it was in */
  name: string;
}

export function addUploads(
  caseNumber: string,
  submission: string,
  files: ChosenFile[],
): void {
  for (const { file, name } of files) add(caseNumber, submission, file, name);
  next();
}

function add(
  caseNumber: string,
  submission: string,
  file: File,
  name: string,
  url: string | null = null,
): void {
  jobs.push({
    item: {
      id: ++last,
      case: caseNumber,
      submission,
      name,
      size: file.size,
      state: 'waiting',
      sent: 0,
      speed: 0,
      isRetrying: false,
    },
    file,
    upload: null,
    url,
    samples: [],
  });
}

/** Goes on with an upload that an earlier page began. */
export function resumeUnfinished(u: Unfinished, file: File): void {
  add(u.case, u.submission, file, u.name, u.url);
  next();
}

function find(id: number): Job | undefined {
  return jobs.find((j) => j.item.id === id);
}

export function pauseUpload(id: number): void {
  const job = find(id);

  if (!job || !['sending', 'waiting'].includes(job.item.state)) return;
  job.item.state = 'paused';
  job.item.speed = 0;
  job.item.isRetrying = false;
  job.samples = [];
  void job.upload?.abort();
  next();
}

export function resumeUpload(id: number): void {
  const job = find(id);

  if (!job || !['paused', 'failed'].includes(job.item.state)) return;
  job.item.state = 'waiting';
  delete job.item.error;
  next();
}

/** Ends it; what the server has of it goes, too. */
export function removeUpload(id: number): void {
  const job = find(id);

  if (!job) return;
  jobs = jobs.filter((j) => j !== job);
  if (job.item.state !== 'done' && job.url) {
    const { url } = job;
    void job.upload?.abort();
    void Upload.terminate(url, {
      onBeforeRequest: (request) => {
        request.setHeader('X-CSRF-Token', csrfToken());
      },
    }).catch(() => {});
    forgetUnfinished(url);
  }
  next();
}

if (typeof window !== 'undefined') {
  window.addEventListener('beforeunload', (event) => {
    if (isSending()) event.preventDefault();
  });
  // What gave up while there was no network goes on when there is one.
  window.addEventListener('online', () => {
    for (const { item } of jobs)
      if (item.state === 'failed' && item.error?.isOffline)
        resumeUpload(item.id);
  });
}

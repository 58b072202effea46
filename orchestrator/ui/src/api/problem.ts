// SPDX-License-Identifier: Apache-2.0
// What the API says when something did not work (RFC 9457).

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance?: string;
  /** of not-entitled: the number of the contact, what the class does have */
  number?: string;
  services?: string[];
  /** of step-up: how one can show who one is, whether a code goes along with
   * the password, and at which provider */
  how?: string[];
  code?: boolean;
  provider?: string;
  /** seconds, from Retry-After */
  retryAfter?: number;
}

export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.name = 'ApiError';
    this.problem = problem;
  }

  get status(): number {
    return this.problem.status;
  }

  /** The last part of the type: "not-found", "stale", "not-entitled" ... */
  get kind(): string {
    return problemKind(this.problem.type);
  }

  /** No answer at all: no network, or nothing serves there. */
  get isOffline(): boolean {
    return this.problem.status === 0;
  }
}

export function problemKind(type: string): string {
  return type.replace(/^.*[:/]/, '');
}

/** Makes a problem of what an answer's body says, which may be anything. */
export function problemOf(status: number, body: unknown): Problem {
  const o =
    typeof body === 'object' && body !== null
      ? (body as Record<string, unknown>)
      : {};
  const text = (name: string): string =>
    typeof o[name] === 'string' ? (o[name] as string) : '';
  const problem: Problem = {
    type: text('type') || 'about:blank',
    title: text('title') || `HTTP ${status}`,
    status,
    detail: text('detail'),
  };
  if (text('instance')) problem.instance = text('instance');
  if (text('number')) problem.number = text('number');
  const words = (name: string): string[] | undefined =>
    Array.isArray(o[name])
      ? (o[name] as unknown[]).filter((s): s is string => typeof s === 'string')
      : undefined;
  const services = words('services');
  if (services) problem.services = services;
  const how = words('how');
  if (how) {
    problem.how = how;
    problem.code = o['code'] === true;
    problem.provider = text('provider');
  }
  return problem;
}

// SPDX-License-Identifier: Apache-2.0
// The bytes of an artefact: entropy, hexadecimal, readable texts.
import { useMemo, useState } from 'preact/hooks';
import type { Finding, FullArtefact } from '../../api/staff.js';
import {
  Alert,
  Button,
  Card,
  Empty,
  Meter,
  Name,
} from '../../components/basic.js';
import { RANGE_MAX, type ByteSource } from '../../components/bytes.js';
import {
  EntropyChart,
  type FilePart,
} from '../../components/charts/entropy.js';
import { useEntropy } from '../../components/entropy_load.js';
import { SelectField, TextField } from '../../components/form.js';
import { HexView } from '../../components/hex_view.js';
import { Link } from '../../components/link.js';
import { ProblemAlert, isMissing, useAction } from '../../components/load.js';
import { Table } from '../../components/table.js';
import { useT } from '../../i18n/index.js';
import {
  asRecord,
  asText,
  factsByName,
  matchMarks,
} from '../../logic/findings.js';
import {
  findStrings,
  resumeAt,
  type FoundString,
} from '../../logic/strings.js';
import { setQuery } from '../../router.js';

/** Sections as the modules of YARA name them: where they are in the file. */
export function fileParts(findings: readonly Finding[]): FilePart[] {
  const facts = factsByName(findings);
  const parts: FilePart[] = [];
  const take = (fact: string, offset: string, size: string) => {
    for (const value of facts.get(fact)?.flat() ?? []) {
      const s = asRecord(value);
      if (
        typeof s[offset] === 'number' &&
        typeof s[size] === 'number' &&
        (s[size] as number) > 0 &&
        s['type'] !== 8 /* SHT_NOBITS: no bytes in the file */
      )
        parts.push({
          name: asText(s['name']),
          offset: s[offset] as number,
          size: s[size] as number,
        });
    }
  };
  take('elf_sections', 'offset', 'size');
  take('pe_sections', 'raw_data_offset', 'raw_data_size');
  return parts.sort((a, b) => a.offset - b.offset).slice(0, 100);
}

export function ArtefactBytes(props: {
  item: FullArtefact;
  source: ByteSource;
  findings: Finding[];
  offset: number;
}) {
  const t = useT();
  const x = t.staff.hex;
  const { item, source } = props;
  const marks = useMemo(() => matchMarks(props.findings), [props.findings]);
  const parts = useMemo(() => fileParts(props.findings), [props.findings]);
  const curve = useEntropy(source);
  const cursor = Math.min(
    Math.max(props.offset, 0),
    Math.max(item.size - 1, 0),
  );
  const go = (offset: number) => setQuery({ offset: String(offset) });

  if (item.size === 0) return <Empty>{x.empty}</Empty>;
  if (curve.error && isMissing(curve.error))
    return <Empty>{t.staff.common.routeMissing}</Empty>;
  return (
    <>
      <Card title={t.staff.chart.entropy}>
        {curve.error ? (
          <ProblemAlert error={curve.error} retry={curve.start} />
        ) : null}
        {curve.isRunning && (
          <Meter value={curve.progress} max={1} label={x.measuring} />
        )}
        {curve.points.length > 0 ? (
          <>
            <EntropyChart
              points={curve.points}
              size={item.size}
              marks={marks}
              parts={parts}
              onGo={go}
            />
            {!curve.isWhole && <p class="hint">{x.sampled}</p>}
          </>
        ) : (
          !curve.isRunning && <Button onClick={curve.start}>{x.measure}</Button>
        )}
      </Card>
      <Card title={x.label}>
        <HexView source={source} marks={marks} cursor={cursor} onCursor={go} />
      </Card>
    </>
  );
}

const SHOWN_MAX = 2000;

export function ArtefactStrings(props: {
  item: FullArtefact;
  source: ByteSource;
}) {
  const t = useT();
  const x = t.staff.hex;
  const { item, source } = props;
  const [strings, setStrings] = useState<FoundString[]>([]);
  const [next, setNext] = useState(0);
  const [filter, setFilter] = useState('');
  const [min, setMin] = useState('6');
  const action = useAction(async (pieces: number) => {
    let at = next;
    const found: FoundString[] = [];
    for (let i = 0; i < pieces && at < item.size; i++) {
      const bytes = await source.fetch(at, RANGE_MAX);
      if (bytes.length === 0) break;
      const isEnd = at + bytes.length >= item.size;
      const end = isEnd ? item.size : resumeAt(bytes, at);
      found.push(...findStrings(bytes, at, 4).filter((s) => s.offset < end));
      at = end;
    }
    setStrings((old) => [...old, ...found]);
    setNext(at);
  });
  const wanted = filter.trim().toLowerCase();
  const least = Number(min) || 4;
  const shown = useMemo(
    () =>
      strings
        .filter(
          (s) =>
            s.text.length >= least &&
            (wanted === '' || s.text.toLowerCase().includes(wanted)),
        )
        .slice(0, SHOWN_MAX),
    [strings, wanted, least],
  );
  const isDone = next >= item.size;

  if (item.size === 0) return <Empty>{x.empty}</Empty>;
  if (next === 0 && !action.isBusy && !action.error) void action.run(4);
  if (action.error && isMissing(action.error))
    return <Empty>{t.staff.common.routeMissing}</Empty>;
  return (
    <Card title={t.staff.artefact.tabs.strings}>
      <div class="filters">
        <TextField
          label={x.contains}
          type="search"
          value={filter}
          onChange={setFilter}
        />
        <SelectField
          label={x.atLeast}
          value={min}
          onChange={setMin}
          options={['4', '6', '8', '12', '20'].map((n) => [n, n] as const)}
        />
      </div>
      <p class="hint" role="status">
        {x.stringsShown(
          shown.length,
          strings.length,
          Math.min(next, item.size),
          item.size,
        )}
      </p>
      {action.error ? (
        <ProblemAlert error={action.error} retry={() => void action.run(4)} />
      ) : null}
      {shown.length === SHOWN_MAX && <Alert>{x.tooManyStrings}</Alert>}
      <Table
        caption={t.staff.artefact.tabs.strings}
        rows={shown}
        rowKey={(s) => `${s.offset} ${s.encoding}`}
        columns={[
          {
            key: 'offset',
            head: x.offset,
            numeric: true,
            cell: (s) => (
              <Link href={`/artefacts/${item.id}/bytes?offset=${s.offset}`}>
                0x{s.offset.toString(16)}
              </Link>
            ),
          },
          { key: 'encoding', head: x.encoding, cell: (s) => s.encoding },
          {
            key: 'text',
            head: x.text,
            isHead: true,
            cell: (s) => (
              <code class="string">
                <Name text={s.text} />
              </code>
            ),
          },
        ]}
      />
      {!isDone && (
        <p>
          <Button busy={action.isBusy} onClick={() => void action.run(16)}>
            {x.readOn}
          </Button>
        </p>
      )}
    </Card>
  );
}

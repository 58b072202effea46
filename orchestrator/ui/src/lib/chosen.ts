// SPDX-License-Identifier: Apache-2.0
// Files and folders that were chosen or dropped, as a flat list with the
// folders in their names.
import type { ChosenFile } from './uploads.js';

/** More than this in one go is a mistake, or a disk image's worth of files. */
export const CHOSEN_MAX = 5000;

export function fromInput(list: FileList | null): ChosenFile[] {
  return [...(list ?? [])]
    .slice(0, CHOSEN_MAX)
    .map((file) => ({ file, name: file.webkitRelativePath || file.name }));
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

async function entriesOf(
  folder: FileSystemDirectoryEntry,
): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];

  // It answers in portions, an empty one at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0 || all.length > CHOSEN_MAX) return all;
    all.push(...some);
  }
}

export async function fromDrop(
  transfer: DataTransfer | null,
): Promise<ChosenFile[]> {
  // The list of items is gone after the first await.
  const queue = [...(transfer?.items ?? [])]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry): entry is FileSystemEntry => entry !== null);
  const plain = [...(transfer?.files ?? [])];
  const chosen: ChosenFile[] = [];

  if (queue.length === 0)
    return plain.map((file) => ({ file, name: file.name }));
  while (queue.length > 0 && chosen.length < CHOSEN_MAX) {
    const entry = queue.shift()!;
    if (entry.isDirectory)
      queue.push(...(await entriesOf(entry as FileSystemDirectoryEntry)));
    else
      chosen.push({
        file: await fileOf(entry as FileSystemFileEntry),
        name: entry.fullPath.replace(/^\//, ''),
      });
  }
  return chosen;
}

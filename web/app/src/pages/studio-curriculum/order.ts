// The curriculum as one list of rows: each section is followed by its videos, and videos without a section
// come first. Every move returns a new list.
export interface Row {
  readonly kind: "section" | "video";
  readonly id: string;
}

type Rows = readonly Row[];

// toRows makes the list of sections and videos, both in the order of the course.
export function toRows(
  sections: readonly { readonly id: string }[],
  videos: readonly { readonly id: string; readonly section: { readonly id: string } | null }[],
): Rows {
  const rowsOf = (sectionId?: string): Row[] =>
    videos.filter(({ section }) => section?.id === sectionId).map(({ id }) => ({ kind: "video", id }));
  return [...rowsOf(), ...sections.flatMap(({ id }): Row[] => [{ kind: "section", id }, ...rowsOf(id)])];
}

// moveTo moves a row to the place of another one. A section takes its videos along, and passes whole sections.
export function moveTo(rows: Rows, id: string, overId: string): Rows {
  const from = rows.findIndex((row) => row.id === id);
  const to = rows.findIndex((row) => row.id === overId);
  const moved = rows[from];
  if (!moved || to < 0 || from === to) return rows;
  return moved.kind === "video" ? moveVideo(rows, from, to) : moveSection(rows, from, to);
}

// step moves a row one place up or down: a section past the next section, a video past the next row.
export function step(rows: Rows, id: string, by: 1 | -1): Rows {
  const from = rows.findIndex((row) => row.id === id);
  let to = from + by;
  if (rows[from]?.kind === "section") while (rows[to]?.kind === "video") to += by;
  const over = rows[to];
  return over ? moveTo(rows, id, over.id) : rows;
}

// toOrder returns the order as the mutations for videos and for sections expect it.
export function toOrder(rows: Rows) {
  const videoIds: string[] = [];
  const sectionIds: (string | null)[] = []; // of each video
  const sections: string[] = [];
  for (const { kind, id } of rows) {
    if (kind === "section") sections.push(id);
    else {
      videoIds.push(id);
      sectionIds.push(sections.at(-1) ?? null);
    }
  }
  return { videoIds, sectionIds, sections };
}

function moveVideo(rows: Rows, from: number, to: number): Rows {
  const rest = rows.toSpliced(from, 1);
  return rest.toSpliced(to, 0, rows[from]!);
}

function moveSection(rows: Rows, from: number, to: number): Rows {
  const blocks = toBlocks(rows);
  const first = blocks[0]?.[0]?.kind === "video" ? 1 : 0; // videos without a section stay at the top
  const blockAt = (index: number) => {
    let end = 0;
    return blocks.findIndex((block) => index < (end += block.length));
  };
  const source = blockAt(from);
  const target = Math.max(blockAt(to), first);
  if (source === target) return rows;
  return blocks.toSpliced(source, 1).toSpliced(target, 0, blocks[source]!).flat();
}

// toBlocks splits the list before each section.
function toBlocks(rows: Rows): Row[][] {
  const blocks: Row[][] = [];
  for (const row of rows) {
    if (row.kind === "section" || blocks.length === 0) blocks.push([]);
    blocks.at(-1)!.push(row);
  }
  return blocks;
}

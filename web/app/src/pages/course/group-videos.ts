interface Sectioned {
  readonly section: { readonly id: string } | null | undefined;
}

export interface Group<Section, Video> {
  readonly section: Section | undefined; // undefined for the videos before the first section
  readonly videos: readonly Video[];
}

// groupVideos returns the videos by their sections, in the order of the course. Videos without a section come first;
// sections without videos are left out.
export function groupVideos<Section extends { readonly id: string }, Video extends Sectioned>(
  videos: readonly Video[], sections: readonly Section[],
): readonly Group<Section, Video>[] {
  const known = new Set(sections.map(({ id }) => id));
  const isLoose = ({ section }: Video) => !section || !known.has(section.id);
  const groups: Group<Section, Video>[] = [{ section: undefined, videos: videos.filter(isLoose) }];
  for (const section of sections) groups.push({ section, videos: videos.filter((video) => video.section?.id === section.id) });
  return groups.filter((group) => group.videos.length > 0);
}

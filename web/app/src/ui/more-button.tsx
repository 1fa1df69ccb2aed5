import { Button } from "./button";

interface MoreButtonProps {
  readonly pages: { readonly hasMore: boolean; readonly loadingMore: boolean; readonly loadMore: () => Promise<void> };
}

// MoreButton loads the next page of a list, if there is one.
export const MoreButton = ({ pages }: MoreButtonProps) =>
  pages.hasMore && <p className="more"><Button busy={pages.loadingMore} onClick={() => void pages.loadMore()}>Show more</Button></p>;

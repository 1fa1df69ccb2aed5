import { formatNumber } from "./format";

interface RatingProps {
  readonly rating: number | null | undefined;
  readonly count?: number;
}

// Rating shows a mean rating of 1 to 5, and the number of reviews.
export function Rating({ rating, count }: RatingProps) {
  if (rating === null || rating === undefined) return <span className="rating rating-none">No reviews yet</span>;
  return (
    <span className="rating">
      <span className="rating-star" aria-hidden="true">★</span>
      <span className="visually-hidden">Rated </span>
      {rating.toFixed(1)}
      <span className="visually-hidden"> of 5</span>
      {count !== undefined && <span className="rating-count"> ({formatNumber(count)}<span className="visually-hidden"> reviews</span>)</span>}
    </span>
  );
}

// Stars shows one rating of 1 to 5 as stars.
export const Stars = ({ rating }: { readonly rating: number }) => (
  <span className="stars" role="img" aria-label={`${rating} of 5 stars`}>
    <span className="rating-star">{"★".repeat(rating)}</span><span className="stars-rest">{"★".repeat(5 - rating)}</span>
  </span>
);

import { classNames } from "./class-names";

// Skeleton stands for a line or a box of a page that is being loaded.
export const Skeleton = ({ className }: { readonly className?: string }) => <span className={classNames("skeleton", className)} aria-hidden="true" />;

// SkeletonCard has the size of a CourseCard.
export const SkeletonCard = () => (
  <div className="course-card" aria-hidden="true">
    <div className="course-thumbnail"><span className="picture skeleton" /></div>
    <div className="course-content">
      <p className="course-category"><Skeleton className="skeleton-short" /></p>
      <p className="course-title"><Skeleton /></p>
      <p className="course-instructor"><Skeleton className="skeleton-short" /></p>
      <p className="course-meta"><Skeleton /></p>
    </div>
    <div className="course-actions"><Skeleton className="skeleton-short" /></div>
  </div>
);

// SkeletonLines stands for a text, and announces that the page is being loaded.
export const SkeletonLines = ({ count = 3, label = "Loading" }: { readonly count?: number; readonly label?: string }) => (
  <div className="skeleton-lines" role="status" aria-label={label}>
    {Array.from({ length: count }, (_, i) => <Skeleton key={i} className={i === count - 1 ? "skeleton-short" : ""} />)}
  </div>
);

import { Link } from "wouter";
import { useQuery } from "../../api/query";
import { useEnroll } from "../../browse/use-enroll";
import { WishlistButton } from "../../browse/wishlist-button";
import { WishlistPageDocument } from "../../generated/wishlist";
import { CourseCard } from "../../ui/course-card";
import { Empty } from "../../ui/empty";
import { ErrorNotice } from "../../ui/error-notice";
import { formatCount } from "../../ui/format";
import { PageFrame } from "../../ui/page";
import { SkeletonCard } from "../../ui/skeleton";

export default function WishlistPage() {
  const { data, error, refetch } = useQuery(WishlistPageDocument, {});
  const { enroll, stateOf } = useEnroll();
  const wishlist = data?.viewer?.wishlist;
  return (
    <PageFrame title="Wishlist" intro={wishlist && formatCount(wishlist.totalCount, "course")}>
      {error && !data && <ErrorNotice error={error} onRetry={refetch} />}
      {!data && !error && <div className="course-grid" role="status" aria-label="Loading"><SkeletonCard /><SkeletonCard /></div>}
      {wishlist?.totalCount === 0 && (
        <Empty title="Your wishlist is empty">
          <p>Add the courses that you plan to take.</p>
          <p><Link href="/" className="button button-primary">Find courses</Link></p>
        </Empty>
      )}
      {wishlist && (
        <ul className="course-grid">
          {wishlist.nodes.map(({ course }) => (
            <li key={course.id} className="wish">
              <CourseCard course={course} onEnroll={enroll} enrollState={stateOf(course.id)} />
              <WishlistButton courseId={course.id} wishlisted />
            </li>
          ))}
        </ul>
      )}
    </PageFrame>
  );
}

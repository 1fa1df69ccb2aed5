import type { CombinedError } from "@urql/core";
import { ButtonLink } from "../../ui/button";
import { Empty } from "../../ui/empty";
import { ErrorNotice } from "../../ui/error-notice";
import { PageFrame } from "../../ui/page";
import { SkeletonLines } from "../../ui/skeleton";

interface CourseStateProps {
  readonly state: { readonly error: CombinedError | undefined; readonly fetching: boolean; readonly refetch: () => void };
}

// CourseState is a page of the studio without its course: it is loading, failed, or is not the viewer's.
export const CourseState = ({ state: { error, fetching, refetch } }: CourseStateProps) => (
  <PageFrame title="Course">
    {error ? <ErrorNotice error={error} onRetry={refetch} /> : fetching ? <SkeletonLines count={8} /> : (
      <Empty title="This course is not one of yours">
        <p>It may have been deleted.</p>
        <ButtonLink href="/studio" kind="primary">Studio</ButtonLink>
      </Empty>
    )}
  </PageFrame>
);
